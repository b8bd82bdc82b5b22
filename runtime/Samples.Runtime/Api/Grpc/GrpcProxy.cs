using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
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
        ActivityTimeout = TimeSpan.FromHours(24), Version = System.Net.HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>True for a gRPC call that is not for the sidecar itself.</summary>
    public static bool Concerns(HttpContext http) =>
        http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true && !http.Request.Path.StartsWithSegments("/dapr.proto.runtime.v1.Dapr");

    public async Task ForwardAsync(HttpContext http)
    {
        try
        {
            if (http.Request.Headers["dapr-app-id"].ToString() is not { Length: > 0 } app)
                throw new ApiException(404, "ERR_DIRECT_INVOKE", StatusCode.Unknown, "failed to proxy request: required metadata dapr-callee-app-id or dapr-app-id not found");
            await ForwardAsync(http, app);
        }
        catch (ApiException error) when (!http.Response.HasStarted)
        {
            Refuse(http, error.GrpcStatus, error.Message);
        }
    }

    /// <summary>Answers a gRPC call with a status alone.</summary>
    public static void Refuse(HttpContext http, StatusCode status, string message)
    {
        http.Response.Clear();
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)status).ToString();
        http.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
    }

    private async Task ForwardAsync(HttpContext http, string app)
    {
        foreach (var replica in block.Replicas(app))
        {
            if (!replica.IsGrpc)
                throw Invocation.Failed(app, "the application does not speak gRPC; set its appProtocol to grpc");
            block.Authorize(replica, app, http.Request.Path, verb: null);
            using var place = await replica.EnterAsync(http.RequestAborted);
            var error = await forwarder.SendAsync(http, replica.BaseAddress!.AbsoluteUri, replica.Client, Patience, new ToGrpcApp(block.AppId, app, replica));
            var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
            if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
                return;
            if (error != ForwarderError.Request || failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
                throw new ApiException(500, "ERR_DIRECT_INVOKE", StatusCode.Unavailable, $"the application broke the connection: {failure?.Message ?? error.ToString()}");
            replica.ReportLost();
            http.Response.Clear();
        }

        throw new ApiException(500, "ERR_DIRECT_INVOKE", StatusCode.Unavailable, $"failed to invoke, id: {app}, err: the application does not answer on its port");
    }

    private sealed class ToGrpcApp(string caller, string callee, AppChannel channel) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancel)
        {
            await base.TransformRequestAsync(http, request, destinationPrefix, cancel);
            request.Headers.Host = null;
            request.Headers.Remove("dapr-app-id");
            RequestHeaders.Name(request.Headers, caller, callee);
            channel.AddToken(request);
            if (!request.Headers.Contains(TraceContext.Parent) && Binary(http) is { } trace)
                request.Headers.TryAddWithoutValidation(TraceContext.Parent, trace);
            TraceContext.AddTo(request.Headers);
            if (!request.Headers.Contains(TraceContext.Binary) && TraceContext.ToBinary(request.Headers.GetValues(TraceContext.Parent).First()) is { } binary)
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
