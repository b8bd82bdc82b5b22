using System.Net;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Samples.Cache.Http;
using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>The way to the service behind: by Dapr invocation, or to an address.</summary>
public sealed class Origin : IDisposable
{
    // Of the connection, not of the message (RFC 9110, 7.6.1).
    private static readonly HashSet<string> OfConnection = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
        "Upgrade",
    };

    // They can change what an origin answers and are no part of the key: whoever sends one would choose what others get ("cache
    // poisoning").
    private static readonly HashSet<string> Unkeyed = new(StringComparer.OrdinalIgnoreCase)
    {
        "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Scheme", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Host",
        "X-Original-URL",
        "X-Rewrite-URL", "X-HTTP-Method-Override", "dapr-app-id",
    };

    private readonly CacheOptions _options;
    private readonly HttpMessageInvoker _http;

    /// <summary>Connects when it is first asked.</summary>
    public Origin(CacheOptions options)
    {
        _options = options;
        Prefix = options.Origin.Contains("://", StringComparison.Ordinal)
            ? options.Origin.TrimEnd('/')
            : $"{SidecarAddress()}/v1.0/invoke/{Uri.EscapeDataString(options.Origin)}/method";
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(2),
        });
    }

    /// <summary>What a path is appended to.</summary>
    public string Prefix { get; }

    /// <summary>The connections, for what is passed through.</summary>
    public HttpMessageInvoker Connections => _http;

    /// <summary>A GET or HEAD as the client sent it, without what is of its connection or could poison the cache.</summary>
    public HttpRequestMessage RequestFor(HttpRequest asked, string target)
    {
        var request = new HttpRequestMessage(new HttpMethod(asked.Method), Address(target)) { Version = HttpVersion.Version11 };
        var named = Storability.Names(asked.Headers.Connection).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in asked.Headers)
        {
            if (!IsLeftOut(name) && !named.Contains(name) && name != HeaderNames.Host && name != HeaderNames.ContentLength)
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        if (!IsSidecar)
            request.Headers.Host = asked.Host.Value;
        AddToken(request);
        return request;
    }

    /// <summary>Where a target lies; it is appended as it came.</summary>
    public Uri Address(string target) =>
        new(Prefix + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>True for a field that is not passed on.</summary>
    public static bool IsLeftOut(string name) => OfConnection.Contains(name) || Unkeyed.Contains(name) || name.StartsWith(':');

    /// <summary>The sidecar's token, where there is one, goes to the sidecar and to no other address.</summary>
    public void AddToken(HttpRequestMessage request)
    {
        request.Headers.Remove("dapr-api-token");
        if (IsSidecar && Environment.GetEnvironmentVariable("DAPR_API_TOKEN") is { Length: > 0 } token)
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
    }

    /// <summary>Asks. The limit is on the silence until the answer begins.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_options.Silence);
        return await _http.SendAsync(request, limit.Token);
    }

    /// <summary>The header fields of an answer that belong to the message.</summary>
    public static Dictionary<string, StringValues> HeadersOf(HttpResponseMessage answer)
    {
        var named = answer.Headers.Connection.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var headers = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!OfConnection.Contains(name) && !named.Contains(name))
                headers[name] = values.ToArray();
        }

        return headers;
    }

    private bool IsSidecar => !_options.Origin.Contains("://", StringComparison.Ordinal);

    private static string SidecarAddress() =>
        Environment.GetEnvironmentVariable("DAPR_HTTP_ENDPOINT") is { Length: > 0 } endpoint
            ? endpoint.TrimEnd('/')
            : $"http://127.0.0.1:{Environment.GetEnvironmentVariable("DAPR_HTTP_PORT") ?? "3500"}";

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
