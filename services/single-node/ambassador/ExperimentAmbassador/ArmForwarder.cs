using System.Diagnostics;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.ExperimentAmbassador;

/// <summary>
/// Sends a request to an arm: by Dapr service invocation through the sidecar, or to an address. Bodies are streamed both ways.
/// </summary>
public sealed class ArmForwarder(IHttpForwarder forwarder, string arm, TimeSpan silence) : IDisposable
{
    private static readonly object GivenUp = new();

    private readonly string _destination = IsAddress(arm)
        ? arm.TrimEnd('/')
        : $"{SidecarAddress}/v1.0/invoke/{Uri.EscapeDataString(arm)}/method";

    private static string SidecarAddress =>
        Environment.GetEnvironmentVariable("DAPR_HTTP_ENDPOINT")
        ?? $"http://127.0.0.1:{Environment.GetEnvironmentVariable("DAPR_HTTP_PORT") ?? "3500"}";

    private readonly ForwarderRequestConfig _config =
        new() { ActivityTimeout = silence, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
    private readonly HttpTransformer _deliver = new Transformer(TokenOf(arm), givesUp: false);
    private readonly HttpTransformer _giveUpOnFailure = new Transformer(TokenOf(arm), givesUp: true);

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        // The client's trace headers are passed on as they are; a span of the ambassador's own is made only where somebody collects it.
        ActivityHeadersPropagator = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))
            ? null
            : DistributedContextPropagator.Current,
    });

    /// <summary>Answers with what the arm says, or with 502 or 504 where it says nothing. True for an answer below 500.</summary>
    public async Task<bool> AnswerAsync(HttpContext http)
    {
        var error = await forwarder.SendAsync(http, _destination, _client, _config, _deliver);
        return error == ForwarderError.None && http.Response.StatusCode < 500;
    }

    /// <summary>The same, but a failure that the client has seen nothing of yet is left unanswered: false.</summary>
    public async Task<bool> TryAnswerAsync(HttpContext http)
    {
        var error = await forwarder.SendAsync(http, _destination, _client, _config, _giveUpOnFailure);
        if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
            return true;
        if (error == ForwarderError.None && !http.Items.Remove(GivenUp))
            return true;
        http.Response.Clear();
        return false;
    }

    /// <summary>Sends a copy and drops the answer. True for an answer below 500.</summary>
    public async Task<bool> MirrorAsync(MirroredRequest mirrored, CancellationToken cancel)
    {
        var target = Target(_destination, mirrored.Target);
        using var request = new HttpRequestMessage(new HttpMethod(mirrored.Method), target) { Version = HttpVersion.Version11 };
        if (mirrored.Body is { } body)
            request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in mirrored.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                request.Content?.Headers.TryAddWithoutValidation(name, value);
        }

        AddToken(request, TokenOf(arm));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(silence);
        using var answer = await _client.SendAsync(request, limit.Token);
        await answer.Content.CopyToAsync(Stream.Null, limit.Token);
        return (int)answer.StatusCode < 500;
    }

    // The target is appended as it came; it was checked to have no way out of the method path.
    private static Uri Target(string destination, string target) =>
        new(destination + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    private static bool IsAddress(string arm) => arm.Contains("://", StringComparison.Ordinal);

    // The sidecar's token goes to the sidecar, and to no other address.
    private static string? TokenOf(string arm) => IsAddress(arm) ? null : Environment.GetEnvironmentVariable("DAPR_API_TOKEN");

    private static void AddToken(HttpRequestMessage request, string? token)
    {
        request.Headers.Remove("dapr-api-token");
        request.Headers.Remove("dapr-app-id");
        if (token is { Length: > 0 })
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private sealed class Transformer(string? token, bool givesUp) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(http, request, destinationPrefix, cancellationToken);
            request.RequestUri = Target(destinationPrefix, RequestTarget.Of(http.Request));
            request.Headers.Host = null;
            AddToken(request, token);
        }

        public override ValueTask<bool> TransformResponseAsync(
            HttpContext http, HttpResponseMessage? response, CancellationToken cancellationToken)
        {
            if (!givesUp || response is { StatusCode: < HttpStatusCode.InternalServerError })
                return base.TransformResponseAsync(http, response, cancellationToken);
            http.Items[GivenUp] = true;
            return ValueTask.FromResult(false);
        }
    }
}
