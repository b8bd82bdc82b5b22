using System.Net.Http.Headers;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Http;

/// <summary>Calls one HTTP server; the operation is the method, <c>path</c> in a request's metadata is appended to the address.</summary>
public sealed class HttpBinding(HttpBindingSettings settings) : IOutputBinding
{
    private readonly HttpClient _client = new(settings.Connections()) { Timeout = settings.Patience };

    /// <summary><c>bindings.http</c>.</summary>
    public static EngineType Type { get; } = new(
        "bindings.http", [
            new("url", Required: true), new("errorIfNot2XX"), new("responseTimeout"), new("direction"),
            new("MTLSRootCA"), new("maxResponseBodySize"), new("securityToken"), new("securityTokenHeader"),
            .. ((string[])["MTLSClientCert", "MTLSClientKey", "MTLSRenegotiation"]).Select(name => new ComponentSetting(name)
            {
                WithoutEffect = "the server is not told of its caller; an HTTPEndpoint has certificates of its own",
            }),
        ],
        (component, context) => new HttpBinding(HttpBindingSettings.Read(component, context)));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => ["OUTPUT_BINDING"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Operations => ["create", "get", "head", "post", "put", "patch", "delete", "options", "trace"];

    /// <inheritdoc/>
    public async Task<BindingResult> InvokeAsync(
        string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel)
    {
        // "create" is what every output binding knows; here it is a POST.
        var method = new HttpMethod(operation == "create" ? "POST" : operation.ToUpperInvariant());
        using var request = new HttpRequestMessage(method, Target(metadata.GetValueOrDefault("path", "")));
        if (operation is "create" or "post" or "put" or "patch" or "delete")
        {
            request.Content = new ReadOnlyMemoryContent(data);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        if (settings.Token is { } token)
            request.Headers.TryAddWithoutValidation(token.Name, token.Value);
        // As in Dapr, metadata whose name begins with a capital is a header.
        foreach (var (name, value) in metadata.Where(m => m.Key.Length > 0 && char.IsAsciiLetterUpper(m.Key[0])))
        {
            if (name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) && request.Content is not null)
                request.Content.Headers.Remove(name);
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var body = await ReadAsync(response.Content, cancel);
            var mustSucceed = metadata.TryGetValue("errorIfNot2XX", out var text) ? text != "false" : settings.FailUnlessSuccess;
            if (mustSucceed && !response.IsSuccessStatusCode)
                throw new EngineTargetException($"received status code {(int)response.StatusCode}");
            return new BindingResult(body, Described(response));
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            throw new EngineTargetException($"{method} {request.RequestUri}: {error.Message}");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new EngineTargetException($"{method} {request.RequestUri}: no answer within {settings.Patience.TotalSeconds} s");
        }
    }

    private async Task<byte[]> ReadAsync(HttpContent content, CancellationToken cancel)
    {
        // The client's limit is over with the headers.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(settings.Patience);
        if (settings.MaxResponse == 0)
            return await content.ReadAsByteArrayAsync(limit.Token);
        using var kept = new MemoryStream();
        await using var stream = await content.ReadAsStreamAsync(limit.Token);
        var part = new byte[8 << 10];
        while (kept.Length < settings.MaxResponse)
        {
            var wanted = (int)Math.Min(part.Length, settings.MaxResponse - kept.Length);
            if (await stream.ReadAsync(part.AsMemory(0, wanted), limit.Token) is not (> 0 and var read))
                break;
            kept.Write(part, 0, read);
        }

        return kept.ToArray();
    }

    private Uri Target(string path)
    {
        var address = settings.Address;
        if (path.Length == 0)
            return address;
        // The path may not turn into another server or climb above the configured address.
        var basis = address.AbsoluteUri.TrimEnd('/');
        var target = new Uri(basis + '/' + path.TrimStart('/'));
        return target.Authority == address.Authority && target.AbsoluteUri.StartsWith(basis + '/', StringComparison.Ordinal)
            ? target
            : throw new EngineRequestException($"invalid path: {path}");
    }

    private static Dictionary<string, string> Described(HttpResponseMessage response)
    {
        var metadata = new Dictionary<string, string>
        {
            ["statusCode"] = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["status"] = $"{(int)response.StatusCode} {response.ReasonPhrase}",
        };
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
            metadata[name] = string.Join(", ", values);
        return metadata;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
