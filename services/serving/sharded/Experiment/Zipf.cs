namespace Samples.Experiments.Sharded;

/// <summary>Ranks by Zipf's law: the k-th is drawn with a probability in proportion to 1/k^s, by a search in the sums of these.</summary>
internal sealed class Zipf
{
    private readonly double[] _sums;

    /// <summary>Ranks 0 to <paramref name="count"/> - 1.</summary>
    public Zipf(int count, double skew)
    {
        _sums = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            _sums[i] = sum += Math.Pow(i + 1, -skew);
    }

    /// <summary>How likely a rank is.</summary>
    public double Probability(int rank) => (_sums[rank] - (rank == 0 ? 0 : _sums[rank - 1])) / _sums[^1];

    /// <summary>The next rank.</summary>
    public int Next(Random random)
    {
        var found = Array.BinarySearch(_sums, random.NextDouble() * _sums[^1]);
        return Math.Min(found < 0 ? ~found : found, _sums.Length - 1);
    }
}
