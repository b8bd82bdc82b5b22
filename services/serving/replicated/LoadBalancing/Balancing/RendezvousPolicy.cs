using System.IO.Hashing;
using System.Text;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.Model;

namespace Samples.LoadBalancing.Balancing;

/// <summary>
/// The same replica for the same key, as long as it is there: each replica's name is hashed together with the key and the highest wins.
/// When one goes, only its keys move; when it returns, just those come back (D. Thaler and C. Ravishankar, "Using Name-Based Mappings to
/// Increase Hit Rates", 1998).
/// </summary>
public sealed class RendezvousPolicy(string name, Func<HttpContext, string> keyOf) : ILoadBalancingPolicy
{
    /// <summary>By the client's address: affinity without a cookie.</summary>
    public const string ByAddress = "RendezvousByAddress";

    /// <summary>By path and query: before caches, so that an answer is kept by one of them and not by all.</summary>
    public const string ByUrl = "RendezvousByUrl";

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public DestinationState? PickDestination(
        HttpContext context, ClusterState cluster, IReadOnlyList<DestinationState> availableDestinations)
    {
        var key = keyOf(context);
        return availableDestinations.MaxBy(d => (Weight(d.DestinationId, key), d.DestinationId));
    }

    /// <summary>How much a replica wants a key; the same in every process.</summary>
    public static ulong Weight(string replica, string key) => XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{replica}\n{key}"));
}
