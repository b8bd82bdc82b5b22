namespace Samples.ShardAmbassador.Ring;

/// <summary>Any server for any key: for reads from equal copies. What was written is not found again, unless by luck.</summary>
public sealed class RandomChoice(IReadOnlyList<int> live, Random random) : IDistribution
{
    /// <inheritdoc/>
    public int ServerFor(ReadOnlySpan<byte> key) => live[random.Next(live.Count)];
}
