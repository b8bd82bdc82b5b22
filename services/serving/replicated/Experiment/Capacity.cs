namespace Samples.Experiments.Replicated;

/// <summary>
/// How many replicas a load needs, and how many a promise of availability: the reasoning of the book's chapter "Replicated Load-Balanced
/// Services", as a calculation.
/// </summary>
/// <param name="Load">Requests a second that clients send.</param>
/// <param name="PerReplica">Requests a second that one replica answers within the latency that is promised.</param>
/// <param name="HitRate">The share that caches answer, 0 to 1.</param>
/// <param name="DownShare">The share of the time that one replica is down: its restarts, replacements and deaths, 0 to 1.</param>
/// <param name="Target">The share of the time for which enough replicas have to be up, 0 to 1.</param>
public sealed record Capacity(double Load, double PerReplica, double HitRate, double DownShare, double Target)
{
    private const int Most = 10_000;

    /// <summary>Requests a second that reach the replicas.</summary>
    public double Reaching => Load * (1 - HitRate);

    /// <summary>Replicas that carry what reaches them; one at least.</summary>
    public int ForLoad => Enough(Reaching);

    /// <summary>Replicas that carry the whole load: what is needed when the caches have lost all that they had.</summary>
    public int WithColdCaches => Enough(Load);

    /// <summary>
    /// Replicas, so that for the target's share of the time as many are up as the load needs. Deaths are taken to be independent; what
    /// takes all replicas at once is in no such number. Null where no number is enough.
    /// </summary>
    public int? ForTarget(int needed) => Enumerable.Range(needed, Most).Cast<int?>().FirstOrDefault(n => Up(needed, n!.Value) >= Target);

    /// <summary>The share of the time for which at least so many of all are up: the upper tail of a binomial distribution.</summary>
    public double Up(int needed, int all)
    {
        // Logarithms: the terms of many replicas are smaller than a double can be, their sum is not.
        var (log, sum) = (all * Math.Log(1 - DownShare), 0.0);
        for (var down = 0; down <= all - needed; down++)
        {
            sum += Math.Exp(log);
            // C(n, k + 1) q^(k + 1) p^(n - k - 1) from the term before it.
            log += Math.Log((double)(all - down) / (down + 1) * DownShare / (1 - DownShare));
        }

        return Math.Min(1, sum);
    }

    private int Enough(double perSecond) => Math.Max(1, (int)Math.Ceiling(perSecond / PerReplica));
}
