using Samples.LoadBalancing.Balancing;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Replicas;

/// <summary>
/// Tells YARP who is there, anew whenever that changes. What is under way, open WebSockets and event streams among it, goes on: YARP swaps
/// the table of destinations and leaves connections alone.
/// </summary>
public sealed class ReplicaRoutes : IProxyConfigProvider, IDisposable
{
    /// <summary>The one cluster.</summary>
    public const string Cluster = "replicas";

    private static readonly IReadOnlyList<RouteConfig> Routes =
        [new RouteConfig { RouteId = "all", ClusterId = Cluster, Order = int.MaxValue, Match = new RouteMatch { Path = "{**rest}" } }];

    private readonly BalancerOptions _options;
    private readonly ReplicaSet _replicas;
    private readonly LiveSettings _live;
    private readonly InMemoryConfigProvider _yarp;

    /// <summary>Follows the replicas and the settings.</summary>
    public ReplicaRoutes(BalancerOptions options, ReplicaSet replicas, LiveSettings live)
    {
        _options = options;
        _replicas = replicas;
        _live = live;
        _yarp = new InMemoryConfigProvider(Routes, [Now()]);
        replicas.Changed += Update;
        live.Changed += Update;
    }

    /// <inheritdoc/>
    public IProxyConfig GetConfig() => _yarp.GetConfig();

    private void Update() => _yarp.Update(Routes, [Now()]);

    private ClusterConfig Now() => new()
    {
        ClusterId = Cluster,
        LoadBalancingPolicy = _live.Affinity == "address" ? RingPolicy.ByAddress : _live.Balance switch
        {
            "least-requests" => Yarp.ReverseProxy.LoadBalancing.LoadBalancingPolicies.LeastRequests,
            "by-url" => RingPolicy.ByUrl,
            _ => Yarp.ReverseProxy.LoadBalancing.LoadBalancingPolicies.RoundRobin,
        },
        SessionAffinity = Affinity(),
        HealthCheck = Health(),
        HttpRequest = new() { ActivityTimeout = _options.Silence, Version = System.Net.HttpVersion.Version11 },
        Metadata = new Dictionary<string, string> { [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = "1" },
        Destinations = _replicas.All.Select(r => (r.Name, r.Address))
            .Concat(_options.Replicas.Select(address => (Name: address.Authority, Address: address)))
            .ToDictionary(r => r.Name, r => new DestinationConfig { Address = r.Address.ToString() }),
    };

    // A cookie that names a replica which is gone, or nothing at all, costs nothing: the client gets another replica and a new cookie.
    private SessionAffinityConfig Affinity() => new()
    {
        Enabled = _live.Affinity == "cookie",
        Policy = "HashCookie",
        FailurePolicy = "Redistribute",
        AffinityKeyName = "replica",
        Cookie = new SessionAffinityCookieConfig { HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true },
    };

    private HealthCheckConfig Health() => new()
    {
        // Where all have been marked unhealthy, one is tried all the same: the marks may be wrong, an error for everybody surely is.
        AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
        Active = new ActiveHealthCheckConfig
        {
            Enabled = _live.Health,
            Path = "/readyz",
            Interval = _options.Probe,
            Timeout = _options.Probe * 4,
            Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures,
        },
        Passive = new PassiveHealthCheckConfig { Enabled = _live.Health, Policy = FirstFailurePolicy.PolicyName },
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _replicas.Changed -= Update;
        _live.Changed -= Update;
    }
}
