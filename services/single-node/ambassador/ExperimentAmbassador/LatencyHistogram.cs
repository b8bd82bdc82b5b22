namespace Samples.ExperimentAmbassador;

/// <summary>
/// Counts latencies in buckets whose width grows with the value: any quantile to within 4%, from a microsecond to hours, in constant memory
/// and without a lock.
/// </summary>
public sealed class LatencyHistogram
{
    private const double Growth = 1.04;
    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly long[] _buckets = new long[640];

    /// <summary>Counts one.</summary>
    public void Add(TimeSpan latency)
    {
        var bucket = (int)(Math.Log(Math.Max(latency.TotalMicroseconds, 1)) / LogGrowth);
        Interlocked.Increment(ref _buckets[Math.Min(bucket, _buckets.Length - 1)]);
    }

    /// <summary>The latency in milliseconds that a share of all stays below; 0 when there is none.</summary>
    public double Quantile(double share)
    {
        var total = _buckets.Sum();
        var left = (long)Math.Ceiling(total * share);
        for (var i = 0; i < _buckets.Length && total > 0; i++)
        {
            left -= _buckets[i];
            if (left <= 0)
                return Math.Pow(Growth, i + 0.5) / 1000;
        }

        return 0;
    }
}
