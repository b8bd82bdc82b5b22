using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Polly.Timeout;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// Transparent gRPC: a call of any service with the metadata <c>dapr-app-id</c> goes to that application as it is, streams and
/// trailers included.
/// </summary>
internal sealed class GrpcProxy(Invocation block, IHttpForwarder forwarder)
{
    // A stream may be quiet for as long as it likes.
    private static readonly ForwarderRequestConfig Patience = new()
    {
        ActivityTimeout = TimeSpan.FromHours(24), Version = System.Net.HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private const int KeptInMemory = 64 << 10;

    /// <summary>True for a gRPC call that is not for the sidecar itself.</summary>
    public static bool Concerns(HttpContext http) =>
        http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true
            && !http.Request.Path.StartsWithSegments("/dapr.proto.runtime.v1.Dapr");

    public async Task ForwardAsync(HttpContext http)
    {
        try
        {
            if (http.Request.Headers["dapr-app-id"].ToString() is not { Length: > 0 } app)
                throw Absent(http.Request.Path);
            await ForwardAsync(http, app);
        }
        catch (ApiException error) when (!http.Response.HasStarted)
        {
            Refuse(http, error.GrpcStatus, error.Message);
        }
    }

    /// <summary>Forwards to an application without a policy. Throws <see cref="ApiException"/> where that fails.</summary>
    public Task ForwardToAsync(HttpContext http, string app) => ForwardAsync(http, app, keepFailure: false, http.RequestAborted);

    /// <summary>Answers a gRPC call with a status alone.</summary>
    public static void Refuse(HttpContext http, StatusCode status, string message)
    {
        http.Response.Clear();
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)status).ToString();
        http.Response.Headers["grpc-message"] = PercentEncode(message);
    }

    // As gRPC over HTTP/2 says (Status-Message): only what a header cannot carry, and the percent sign itself.
    private static string PercentEncode(string message)
    {
        var text = new StringBuilder(message.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(message))
        {
            if (octet is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
                text.Append((char)octet);
            else
                text.Append('%').Append(octet.ToString("X2"));
        }

        return text.ToString();
    }

    // The SDKs' workflows talk to a service of their own at the sidecar, without naming an application.
    private static ApiException Absent(PathString path)
    {
        if (path.StartsWithSegments("/TaskHubSidecarService"))
            return new ApiException(501, "ERR_API_UNIMPLEMENTED", StatusCode.Unimplemented, AbsentApi.Workflow("dapr").Message);
        if (path.Value!.StartsWith("/dapr.proto.", StringComparison.Ordinal))
            return new ApiException(
                501, "ERR_API_UNIMPLEMENTED", StatusCode.Unimplemented, $"{path.Value[1..]} is not implemented{AbsentApi.Cure}");
        return new ApiException(404, "ERR_DIRECT_INVOKE", StatusCode.Unknown,
            "cannot proxy request: missing dapr-callee-app-id or dapr-app-id metadata");
    }

    private Task ForwardAsync(HttpContext http, string app)
    {
        // A caller says with this header that the call lives on: no policy ends it or makes it again. (daprd governs how such a stream
        // begins.)
        var streams = http.Request.Headers["dapr-stream"].ToString().ToLowerInvariant() is "true" or "1" or "t" or "y" or "yes" or "on";
        return !streams && !NameTable.IsSame(app, block.AppId) && block.Policy(app, http.Request.Path) is { } policy
            ? ForwardAsync(http, app, policy)
            : ForwardAsync(http, app, keepFailure: false, http.RequestAborted);
    }

    private async Task ForwardAsync(HttpContext http, string app, Policy policy)
    {
        if (policy.Retries)
            http.Request.EnableBuffering(KeptInMemory);
        try
        {
            await policy.RunAsync(async cancel =>
            {
                if (http.Request.Body.CanSeek)
                    http.Request.Body.Position = 0;
                await ForwardAsync(http, app, keepFailure: true, cancel);
            }, http.RequestAborted);
        }
        catch (FailedAnswerException failure)
        {
            // One without an answer in it has reached the caller already.
            if (failure.InnerException is RefusedCallException kept)
                kept.WriteTo(http);
        }
        catch (Exception error) when (Failure.Explain(error) is { } why)
        {
            if (http.Response.HasStarted)
                http.Abort();
            else
                Refuse(http, error is TimeoutRejectedException ? StatusCode.DeadlineExceeded : StatusCode.Unknown, why);
        }
    }

    private async Task ForwardAsync(HttpContext http, string app, bool keepFailure, CancellationToken cancel)
    {
        foreach (var replica in block.Replicas(app))
        {
            if (!replica.IsGrpc)
                throw Invocation.Failed(app, "the application does not speak gRPC; set its appProtocol to grpc");
            block.Authorize(replica, app, http.Request.Path, verb: null);
            using var place = await replica.EnterAsync(cancel);
            var transform = new ToGrpcApp(block.AppId, app, replica, keepFailure);
            var error = await forwarder.SendAsync(http, replica.BaseAddress!.AbsoluteUri, replica.Client, Patience, transform, cancel);
            if (transform.Failed is { } failed)
                throw failed;
            var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
            if (error == ForwarderError.None || http.RequestAborted.IsCancellationRequested)
                return;
            cancel.ThrowIfCancellationRequested();
            if (http.Response.HasStarted)
                return;
            http.Response.Clear();
            if (error != ForwarderError.Request
                || failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
                throw new ApiException(
                    500, "ERR_DIRECT_INVOKE", StatusCode.Unavailable,
                    $"the application broke the connection: {failure?.Message ?? error.ToString()}");
            replica.ReportLost();
        }

        throw new ApiException(
            500, "ERR_DIRECT_INVOKE", StatusCode.Unavailable,
            $"failed to invoke, id: {app}, err: the application does not answer on its port")
        { IsUndelivered = true };
    }

    /// <summary>A call that ended with nothing but a status, kept until it is known whether another try follows.</summary>
    private sealed class RefusedCallException(IReadOnlyList<KeyValuePair<string, string[]>> headers) : Exception
    {
        public void WriteTo(HttpContext http)
        {
            http.Response.Clear();
            http.Response.ContentType = "application/grpc";
            foreach (var (name, values) in headers)
                http.Response.Headers[name] = values;
        }
    }

    private sealed class ToGrpcApp(string caller, string callee, AppChannel channel, bool keepFailure) : HttpTransformer
    {
        /// <summary>
        /// The status other than success with which the call ended; its answer is kept back where nothing else was answered.
        /// </summary>
        public FailedAnswerException? Failed { get; private set; }

        public override async ValueTask<bool> TransformResponseAsync(
            HttpContext http, HttpResponseMessage? response, CancellationToken cancel)
        {
            if (keepFailure && response is not null && Status(response.Headers) is { } status)
            {
                Failed = new FailedAnswerException(
                    status, new RefusedCallException([.. response.Headers.Select(h => KeyValuePair.Create(h.Key, h.Value.ToArray()))]),
                    isGrpc: true);
                return false;
            }

            return await base.TransformResponseAsync(http, response, cancel);
        }

        public override async ValueTask TransformResponseTrailersAsync(
            HttpContext http, HttpResponseMessage response, CancellationToken cancel)
        {
            await base.TransformResponseTrailersAsync(http, response, cancel);
            // The caller has seen a part of the answer: the breaker counts the failure, but no other try can follow.
            if (keepFailure && Status(response.TrailingHeaders) is { } status)
                Failed = new FailedAnswerException(status, isGrpc: true, again: false);
        }

        private static int? Status(System.Net.Http.Headers.HttpResponseHeaders headers) =>
            headers.TryGetValues("grpc-status", out var values) && int.TryParse(values.First(), out var status) && status != 0
                ? status
                : null;

        public override async ValueTask TransformRequestAsync(
            HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancel)
        {
            await base.TransformRequestAsync(http, request, destinationPrefix, cancel);
            request.Headers.Host = null;
            request.Headers.Remove("dapr-app-id");
            RequestHeaders.Name(request.Headers, caller, callee);
            channel.AddToken(request);
            if (!request.Headers.Contains(TraceContext.Parent) && Binary(http) is { } trace)
                request.Headers.TryAddWithoutValidation(TraceContext.Parent, trace);
            TraceContext.AddTo(request.Headers);
            if (!request.Headers.Contains(TraceContext.Binary)
                && TraceContext.ToBinary(request.Headers.GetValues(TraceContext.Parent).First()) is { } binary)
                request.Headers.TryAddWithoutValidation(TraceContext.Binary, Convert.ToBase64String(binary).TrimEnd('='));
        }

        private static string? Binary(HttpContext http)
        {
            var text = http.Request.Headers[TraceContext.Binary].ToString();
            var bytes = new byte[text.Length + 4];
            return text.Length > 0 && Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length)
                ? TraceContext.FromBinary(bytes.AsSpan(0, length)) : null;
        }
    }
}
