namespace Samples.Experiments.Replicated;

/// <summary>Ranks by Zipf's law: the k-th is drawn with a probability in proportion to 1/k^s, by a search in the sums of these.</summary>
internal sealed class Zipf
{
    private readonly double[] _sums;
    private readonly Random _random;

    /// <summary>Ranks 0 to <paramref name="count"/> - 1.</summary>
    public Zipf(int count, double skew, Random random)
    {
        _random = random;
        _sums = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++)
            _sums[i] = sum += Math.Pow(i + 1, -skew);
    }

    /// <summary>The next rank.</summary>
    public int Next()
    {
        var found = Array.BinarySearch(_sums, _random.NextDouble() * _sums[^1]);
        return Math.Min(found < 0 ? ~found : found, _sums.Length - 1);
    }
}
