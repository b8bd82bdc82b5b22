namespace Samples.ShardAmbassador.Ring;

/// <summary>Says which server has a key, for one fixed set of live servers.</summary>
public interface IDistribution
{
    /// <summary>The server's place in the list that the distribution was made from.</summary>
    int ServerFor(ReadOnlySpan<byte> key);
}

/// <summary>The distributions of twemproxy, by its names.</summary>
public static class Distributions
{
    /// <summary>The names, for messages.</summary>
    public const string Names = "ketama, modula, random";

    /// <summary>
    /// Makes a distribution over the servers that are live. Places of ejected servers are left out, the others keep theirs.
    /// Null for a name that is not one of <see cref="Names"/>.
    /// </summary>
    public static IDistribution? Create(string name, IReadOnlyList<ShardServer> servers, Func<int, bool> isLive, Random random)
    {
        int[] live = [.. Enumerable.Range(0, servers.Count).Where(isLive)];
        return name switch
        {
            "ketama" => new KetamaRing(servers, live),
            "modula" => new Modula(servers, live),
            "random" => new RandomChoice(live, random),
            _ => null,
        };
    }
}
