namespace Samples.ShardAmbassador.Ring;

/// <summary>
/// The hash modulo the number of servers, each counted as often as its weight. Cheap and even, and the wrong choice as soon as servers come
/// and go: then nearly every key moves.
/// </summary>
public sealed class Modula(IReadOnlyList<ShardServer> servers, IReadOnlyList<int> live) : IDistribution
{
    private readonly int[] _owners = [.. live.SelectMany(i => Enumerable.Repeat(i, servers[i].Weight))];

    /// <inheritdoc/>
    public int ServerFor(ReadOnlySpan<byte> key) => _owners[Fnv1a.Hash(key) % (uint)_owners.Length];
}
