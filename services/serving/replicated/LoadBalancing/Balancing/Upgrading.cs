using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// A connection that becomes a WebSocket may be silent for as long as both sides like. A replica's silence has its limit until it has
/// agreed to that, and none from there on.
/// </summary>
public sealed class Upgrading(RequestDelegate next, BalancerOptions options)
{
    /// <summary>The step in YARP's pipeline.</summary>
    public Task InvokeAsync(HttpContext http)
    {
        if (http.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true }
            || http.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true })
        {
            var proxy = http.GetReverseProxyFeature();
            var config = proxy.Cluster.Config;
            var endless = config with { HttpRequest = config.HttpRequest! with { ActivityTimeout = Timeout.InfiniteTimeSpan } };
            var limited = new HttpMessageInvoker(new UntilItBegins(proxy.Cluster.HttpClient, options.Silence), disposeHandler: false);
            http.Features.Set<IReverseProxyFeature>(new OtherCluster(proxy, new ClusterModel(endless, limited)));
        }

        return next(http);
    }

    private sealed class OtherCluster(IReverseProxyFeature proxy, ClusterModel cluster) : IReverseProxyFeature
    {
        public RouteModel Route => proxy.Route;

        public ClusterModel Cluster => cluster;

        public IReadOnlyList<DestinationState> AllDestinations => proxy.AllDestinations;

        public IReadOnlyList<DestinationState> AvailableDestinations { get; set; } = proxy.AvailableDestinations;

        public DestinationState? ProxiedDestination { get; set; } = proxy.ProxiedDestination;
    }

    private sealed class UntilItBegins(HttpMessageInvoker connections, TimeSpan silence) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(silence);
            return await connections.SendAsync(request, limit.Token);
        }
    }
}
