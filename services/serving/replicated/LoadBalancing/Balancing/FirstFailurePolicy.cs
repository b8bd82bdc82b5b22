using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// One request that a replica did not answer takes it out for a second. Meanwhile the probes find out; clients would pay for a second
/// opinion. What a client broke off says nothing about the replica.
/// </summary>
public sealed class FirstFailurePolicy(IDestinationHealthUpdater health) : IPassiveHealthCheckPolicy
{
    /// <summary>How the configuration calls it.</summary>
    public const string PolicyName = "FirstFailure";

    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public string Name => PolicyName;

    /// <inheritdoc/>
    public void RequestProxied(HttpContext context, ClusterState cluster, DestinationState destination)
    {
        if (context.Features.Get<IForwarderErrorFeature>()?.Error
            is ForwarderError.Request or ForwarderError.RequestTimedOut or ForwarderError.ResponseBodyDestination)
            health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, Rest);
    }
}
