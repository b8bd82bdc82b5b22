using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;
using Yarp.ReverseProxy.Forwarder;

namespace Samples.Runtime.Api;

/// <summary>Service invocation as a building block of the sidecar; its HTTP side is <see cref="InvocationMiddleware"/>.</summary>
internal sealed class InvocationApi(Invocation block, TimeSpan standstill) : IBlockApi
{
    private readonly EndpointClients _outside = new();

    /// <summary>Puts invocation before routing, which would decode the path.</summary>
    public void Use(WebApplication host)
    {
        var forwarding = new HttpForwarding(block, host.Services.GetRequiredService<IHttpForwarder>(), _outside, standstill);
        var proxy = new GrpcProxy(block, host.Services.GetRequiredService<IHttpForwarder>());
        var http = new InvocationMiddleware(block, forwarding);
        host.Use((context, next) => GrpcProxy.Concerns(context) ? proxy.ForwardAsync(context)
            : InvocationTarget.Read(context) is { } target
                && context.Request.Protocol != HttpProtocol.Http2 ? http.InvokeAsync(context, target)
            : next(context));
    }

    public void MapHttp(IEndpointRouteBuilder routes) => routes.MapFallback("{**path}", IResult () => throw new ApiException(
        404, "ERR_DIRECT_INVOKE", StatusCode.NotFound, "failed getting app id either from the URL path or the header dapr-app-id"));

    public void BindGrpc(GrpcMethods methods) => new InvocationGrpc(block).Bind(methods);

    public ValueTask DisposeAsync()
    {
        _outside.Dispose();
        return ValueTask.CompletedTask;
    }
}
