using Samples.Defaults;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Replicas;

/// <summary>Forgets replicas that are gone, and is ready as soon as there is one to send requests to.</summary>
public sealed class ReplicaWatch : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly ReplicaSet _replicas;
    private readonly IProxyStateLookup _state;
    private readonly BalancerOptions _options;
    private readonly Readiness _readiness;
    private readonly TimeProvider _time;

    /// <summary>Not ready from here on.</summary>
    public ReplicaWatch(ReplicaSet replicas, IProxyStateLookup state, BalancerOptions options, Readiness readiness, TimeProvider time)
    {
        _replicas = replicas;
        _state = state;
        _options = options;
        _readiness = readiness;
        _time = time;
        readiness.WaitFor("No replica has announced itself yet.");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, _time);
        while (await IsNextAsync(timer, stoppingToken))
        {
            if (_replicas.All.Count > 0 || _options.Replicas.Count > 0)
                _readiness.Ready();
            _replicas.Forget(IsHealthy);
        }
    }

    // False, and no exception, once the service stops.
    private static Task<bool> IsNextAsync(PeriodicTimer timer, CancellationToken stopping) => timer.WaitForNextTickAsync(stopping).AsTask()
        .ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default);

    private bool IsHealthy(AnnouncedReplica replica) =>
        _state.TryGetCluster(ReplicaRoutes.Cluster, out var cluster)
        && cluster.Destinations.TryGetValue(replica.Name, out var destination)
        && destination.Health is { Active: DestinationHealth.Healthy, Passive: not DestinationHealth.Unhealthy };
}

/// <summary>Adds what knows the replicas.</summary>
public static class ReplicaServices
{
    /// <summary>Adds it, and YARP, which sends requests to them.</summary>
    public static IReverseProxyBuilder AddReplicas(this IServiceCollection services, BalancerOptions options)
    {
        services.AddSingleton<LiveSettings>();
        services.AddSingleton<ReplicaSet>();
        services.AddSingleton<Yarp.ReverseProxy.Configuration.IProxyConfigProvider, ReplicaRoutes>();
        // The client's trace headers are passed on as they are; a span of the balancer's own is made only where somebody collects it.
        var yarp = services.AddReverseProxy().ConfigureHttpClient((_, http) =>
        {
            if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT")))
                http.ActivityHeadersPropagator = null;
        });
        // A host name (a headless service, a service of Compose) stands for every address that it leads to.
        if (options.Replicas.Any(r => r.HostNameType == UriHostNameType.Dns))
            yarp.AddDnsDestinationResolver(dns => dns.RefreshPeriod = TimeSpan.FromSeconds(5));
        services.AddHostedService<ReplicaWatch>();
        return yarp;
    }
}
