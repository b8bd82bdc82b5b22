namespace Samples.Lab.Measuring;

/// <summary>Where a true value lies, with the confidence that was asked for.</summary>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>True for a value that cannot be told from the true one.</summary>
    public bool Contains(double value) => Low <= value && value <= High;

    /// <summary>
    /// The share of successes in all that might have been tried, by Wilson's score, which stays honest for few trials and for shares near 0
    /// and 1 (E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927).
    /// </summary>
    /// <param name="successes">Of them.</param>
    /// <param name="trials">None: anything is possible.</param>
    /// <param name="z">Standard deviations: 1.96 for 95%, 2.576 for 99%.</param>
    public static Interval OfShare(long successes, long trials, double z = 1.959964)
    {
        if (trials == 0)
            return new Interval(0, 1);
        var (share, square) = ((double)successes / trials, z * z);
        var centre = share + square / (2 * trials);
        var half = z * Math.Sqrt(share * (1 - share) / trials + square / (4.0 * trials * trials));
        var whole = 1 + square / trials;
        return new Interval(Math.Max(0, (centre - half) / whole), Math.Min(1, (centre + half) / whole));
    }
}
