using Samples.Hashing;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// The same replica for the same key, as long as it is there, by a consistent hash: when one goes, only its keys move, each to the next
/// replica on the ring; when it returns, just those come back.
/// </summary>
public sealed class RingPolicy(string name, Func<HttpContext, string> keyOf) : ILoadBalancingPolicy
{
    /// <summary>By the client's address: affinity without a cookie.</summary>
    public const string ByAddress = "RingByAddress";

    /// <summary>By path and query: before caches, so that an answer is kept by one of them and not by all.</summary>
    public const string ByUrl = "RingByUrl";

    private volatile HashRing? _ring;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        if (availableDestinations.Count == 0)
            return null;
        // Also those that are not well are on the ring: what they have to leave to others goes to the next one, and nothing else moves.
        var ring = RingOf(cluster.DestinationsState.AllDestinations);
        return ring.Owners(keyOf(context))
            .Select(owner => availableDestinations.FirstOrDefault(d => d.DestinationId == owner))
            .FirstOrDefault(d => d is not null, availableDestinations[0]);
    }

    private HashRing RingOf(IReadOnlyList<DestinationState> replicas)
    {
        if (_ring is { } ring && ring.Members.Count == replicas.Count && replicas.All(r => ring.Members.Contains(r.DestinationId)))
            return ring;
        return _ring = new HashRing(replicas.Select(r => r.DestinationId));
    }
}
