using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace Samples.LoadBalancing.Balancing;

/// <summary>The parts that choose a replica, put together.</summary>
public static class BalancingServices
{
    /// <summary>Adds the policies of this pattern to those that YARP has.</summary>
    public static IReverseProxyBuilder AddBalancing(this IReverseProxyBuilder yarp)
    {
        yarp.Services.AddSingleton<ILoadBalancingPolicy>(
            new RingPolicy(RingPolicy.ByAddress, http => http.Connection.RemoteIpAddress?.ToString() ?? ""));
        yarp.Services.AddSingleton<ILoadBalancingPolicy>(
            new RingPolicy(
                RingPolicy.ByUrl, http => http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent()));
        yarp.Services.AddSingleton<IPassiveHealthCheckPolicy, FirstFailurePolicy>();
        return yarp.AddTransforms(AddTransforms);
    }

    /// <summary>All paths go to a replica, but this service's own and those that Dapr asks an application for.</summary>
    public static void MapBalancing(this IEndpointRouteBuilder routes)
    {
        foreach (var path in (string[])["/dapr/{**rest}", "/actors/{**rest}", "/job/{**rest}"])
            routes.Map(path, () => TypedResults.NotFound()).ExcludeFromDescription();
        routes.MapReverseProxy(pipeline =>
        {
            pipeline.UseMiddleware<Upgrading>();
            pipeline.UseMiddleware<Retrying>();
            pipeline.UseSessionAffinity();
            pipeline.UseLoadBalancing();
            pipeline.UsePassiveHealthChecks();
        });
    }

    private static void AddTransforms(TransformBuilderContext context)
    {
        context.UseDefaultForwarders = false;
        // What the client wrote of itself is gone: a replica reads one value, and this is where it was found out.
        context.AddXForwarded(ForwardedTransformActions.Set);
        context.AddOriginalHost();
        // Replicas take requests from their sidecars and from their balancer, and from nobody else; a client's own word is not passed on.
        context.AddRequestHeaderRemove("dapr-api-token");
        if (context.Services.GetRequiredService<IConfiguration>()["APP_API_TOKEN"] is { Length: > 0 } token)
            context.AddRequestHeader("dapr-api-token", token, append: false);
        context.AddResponseTransform(response => response.ProxyResponse is { } answer ? TakeAsync(response, answer) : default);
    }

    private static async ValueTask TakeAsync(ResponseTransformContext response, HttpResponseMessage answer)
    {
        if (Retrying.GiveUp(response.HttpContext, (int)answer.StatusCode))
        {
            response.SuppressResponseBody = true;
        }
        else if (EventStream.IsBegunIn(response.HttpContext))
        {
            await EventStream.PassAsync(response.HttpContext, answer);
            response.SuppressResponseBody = true;
        }
    }
}
