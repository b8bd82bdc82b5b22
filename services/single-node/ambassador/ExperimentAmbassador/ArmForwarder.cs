using System.Diagnostics;
using System.Net;
using System.Text;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.ExperimentAmbassador;

/// <summary>How a request to an arm ended.</summary>
public enum ArmOutcome
{
    /// <summary>The arm answered, with less than 500.</summary>
    Answered,

    /// <summary>The arm answered with 500 or more, broke off, or said nothing in time.</summary>
    Failed,

    /// <summary>The client broke off, or sent what is no request: that says nothing about the arm.</summary>
    ClientLeft,
}

/// <summary>
/// Sends a request to an arm: by Dapr service invocation through the sidecar, or to an address. Bodies are streamed both ways.
/// </summary>
/// <param name="forwarder">YARP's.</param>
/// <param name="arm">App id or address.</param>
/// <param name="firstByte">How long the arm may take to begin its answer, once it has the request.</param>
/// <param name="silence">How long an answer, a streaming or upgraded one too, may then pause.</param>
public sealed class ArmForwarder(IHttpForwarder forwarder, string arm, TimeSpan firstByte, TimeSpan silence) : IDisposable
{
    private static readonly object GivenUp = new();

    private readonly string _destination = IsAddress(arm) ? arm.TrimEnd('/') : $"{Sidecar}/v1.0/invoke/{Uri.EscapeDataString(arm)}/method";

    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = silence, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        // As applications write them: HTTP's own clients send nothing but ASCII, and read Latin-1.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        // The client's trace headers are passed on as they are; a span of the ambassador's own is made only where somebody collects it.
        ActivityHeadersPropagator = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT"))
            ? null
            : DistributedContextPropagator.Current,
    });

    /// <summary>Answers with what the arm says, or with 502 or 504 where it says nothing.</summary>
    public async Task<ArmOutcome> AnswerAsync(HttpContext http)
    {
        using var limit = new FirstByteLimit(firstByte);
        limit.Watch(http.Request);
        var error = await forwarder.SendAsync(
            http, _destination, _client, _config, new Transformer(TokenOf(arm), limit, givesUp: false), limit.Token);
        if (limit.IsOver && !http.Response.HasStarted)
            http.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        return OutcomeOf(http, error, limit, isFailure: http.Response.StatusCode >= 500);
    }

    /// <summary>The same, but a failure that the client has seen nothing of yet is left unanswered.</summary>
    public async Task<(ArmOutcome Outcome, bool IsAnswered)> TryAnswerAsync(HttpContext http)
    {
        using var limit = new FirstByteLimit(firstByte);
        limit.Watch(http.Request);
        var error = await forwarder.SendAsync(
            http, _destination, _client, _config, new Transformer(TokenOf(arm), limit, givesUp: true), limit.Token);
        var outcome = OutcomeOf(http, error, limit, isFailure: http.Items.Remove(GivenUp));
        if (outcome != ArmOutcome.Failed || http.Response.HasStarted)
            return (outcome, true);
        http.Response.Clear();
        return (outcome, false);
    }

    private static ArmOutcome OutcomeOf(HttpContext http, ForwarderError error, FirstByteLimit limit, bool isFailure)
    {
        if (http.RequestAborted.IsCancellationRequested || (IsOfClient(error) && !limit.IsOver))
            return ArmOutcome.ClientLeft;
        return error == ForwarderError.None && !isFailure ? ArmOutcome.Answered : ArmOutcome.Failed;
    }

    private static bool IsOfClient(ForwarderError error) => error is ForwarderError.RequestCanceled
        or ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient
        or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
        or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeRequestClient
        or ForwarderError.UpgradeResponseCanceled or ForwarderError.UpgradeResponseClient;

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
        limit.CancelAfter(firstByte);
        using var answer = await _client.SendAsync(request, limit.Token);
        try
        {
            await answer.Content.CopyToAsync(Stream.Null, limit.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // It streams for longer than anybody listens to a copy; it has answered.
        }

        return (int)answer.StatusCode < 500;
    }

    private static string Sidecar =>
        Environment.GetEnvironmentVariable("DAPR_HTTP_ENDPOINT")
        ?? $"http://127.0.0.1:{Environment.GetEnvironmentVariable("DAPR_HTTP_PORT") ?? "3500"}";

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

    private sealed class Transformer(string? token, FirstByteLimit limit, bool givesUp) : HttpTransformer
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
            if (response is not null)
                limit.End();
            if (!givesUp || response is { StatusCode: < HttpStatusCode.InternalServerError })
                return base.TransformResponseAsync(http, response, cancellationToken);
            http.Items[GivenUp] = true;
            return ValueTask.FromResult(false);
        }
    }
}
