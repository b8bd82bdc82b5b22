using System.Diagnostics;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Apps;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api.Http;

/// <summary>
/// Service invocation over HTTP: <c>/v1.0/invoke/{app}/method/{path}</c>, or the plain path with the header <c>dapr-app-id</c>. Bodies
/// are streamed both ways; a replica that refuses the connection leaves the rotation at once and the next one is asked.
/// </summary>
internal sealed class InvocationFeature(string callerAppId, NameTable names) : ISidecarFeature
{
    private const string Prefix = "/v1.0/invoke/";

    // The application's own time limits decide; the sidecar only gives up on a connection that says nothing for long.
    private static readonly ForwarderRequestConfig Patience = new() { ActivityTimeout = TimeSpan.FromMinutes(5), Version = System.Net.HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    public void MapHttp(IEndpointRouteBuilder routes)
    {
        var forwarder = (IHttpForwarder)routes.ServiceProvider.GetService(typeof(IHttpForwarder))!;
        routes.Map("/v1.0/invoke/{app}/method/{**path}", http => InvokeByPathAsync(http, forwarder));
        routes.MapFallback("{**path}", http => InvokeByHeaderAsync(http, forwarder));
    }

    public void BindGrpc(GrpcMethods methods) => new InvocationGrpc(callerAppId, names).Bind(methods);

    private Task InvokeByPathAsync(HttpContext http, IHttpForwarder forwarder)
    {
        // The raw target keeps the path as the caller wrote it: %2F and %20 must reach the application unchanged.
        var target = RawTarget(http);
        var appEnd = target.IndexOf('/', Prefix.Length);
        var method = target.AsSpan(appEnd).StartsWith("/method/", StringComparison.Ordinal) ? target[(appEnd + "/method".Length)..] : "/";
        return ForwardAsync(http, forwarder, Uri.UnescapeDataString(target[Prefix.Length..appEnd]), method);
    }

    private Task InvokeByHeaderAsync(HttpContext http, IHttpForwarder forwarder) =>
        http.Request.Headers["dapr-app-id"].ToString() is { Length: > 0 } app
            ? ForwardAsync(http, forwarder, app, RawTarget(http))
            : throw new ApiException(404, "ERR_DIRECT_INVOKE", StatusCode.NotFound,
                "failed getting app id either from the URL path or the header dapr-app-id");

    private static string RawTarget(HttpContext http)
    {
        var raw = http.Features.Get<IHttpRequestFeature>()?.RawTarget;
        // Dots in a path were already resolved by the server: then the decoded path is the truth, encoded anew.
        return raw is { Length: > 0 } && raw[0] == '/' && !raw.Contains("/..", StringComparison.Ordinal) && !raw.Contains("/./", StringComparison.Ordinal)
            ? raw
            : http.Request.GetEncodedPathAndQuery();
    }

    private async Task ForwardAsync(HttpContext http, IHttpForwarder forwarder, string app, string target)
    {
        var replicas = names.Resolve(app);
        if (replicas.Count == 0)
            throw Failed(app, "no host found with the given ID");
        var transform = new ToApp(callerAppId, app, target);
        foreach (var replica in replicas)
        {
            if (replica.BaseAddress is null)
                throw Failed(app, "cannot invoke local endpoint: app channel not initialized");
            transform.Channel = replica;
            var error = await forwarder.SendAsync(http, replica.BaseAddress.AbsoluteUri, replica.Client, Patience, transform);
            if (error == ForwarderError.None)
                return;
            var failure = http.Features.Get<IForwarderErrorFeature>()?.Exception;
            if (error != ForwarderError.Request || failure is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } || http.Response.HasStarted)
            {
                if (http.Response.HasStarted || http.RequestAborted.IsCancellationRequested)
                    return;
                throw Failed(app, $"the application broke the connection: {failure?.Message ?? error.ToString()}");
            }

            // Nothing was sent: another replica may have it.
            replica.ReportLost();
            http.Response.Clear();
        }

        throw Failed(app, "the application does not answer on its port");
    }

    internal static ApiException Failed(string app, string why) =>
        new(500, "ERR_DIRECT_INVOKE", StatusCode.Internal, $"failed to invoke, id: {app}, err: {why}");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Copies the request as it came, names caller and callee, and swaps the sidecar's token for the application's.</summary>
    private sealed class ToApp(string caller, string callee, string target) : HttpTransformer
    {
        public AppChannel Channel { get; set; } = null!;

        public override async ValueTask TransformRequestAsync(
            HttpContext http, HttpRequestMessage request, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(http, request, destinationPrefix, cancellationToken);
            request.RequestUri = new Uri(Channel.BaseAddress!.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            request.Headers.Host = null;
            request.Headers.Remove("dapr-app-id");
            if (caller != callee)
            {
                request.Headers.TryAddWithoutValidation("dapr-caller-app-id", caller);
                request.Headers.TryAddWithoutValidation("dapr-callee-app-id", callee);
                request.Headers.TryAddWithoutValidation("dapr-caller-namespace", "default");
            }

            if (!request.Headers.Contains("traceparent"))
            {
                request.Headers.TryAddWithoutValidation("traceparent",
                    $"00-{ActivityTraceId.CreateRandom().ToHexString()}-{ActivitySpanId.CreateRandom().ToHexString()}-00");
            }

            Channel.AddToken(request);
        }
    }
}
