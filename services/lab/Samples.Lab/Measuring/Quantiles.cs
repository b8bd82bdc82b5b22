namespace Samples.Lab.Measuring;

/// <summary>Quantiles of what was measured, by the nearest rank: always a value that occurred. NaN where nothing was measured.</summary>
public static class Quantiles
{
    /// <summary>The smallest value that at least this share (0 to 1) of all values does not exceed.</summary>
    public static double Quantile(this IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)];
    }

    /// <summary>Half of the values are not above it.</summary>
    public static double Median(this IEnumerable<double> values) => values.Quantile(0.5);

    /// <summary>The 99th percentile. Of fewer than 100 values it is the largest.</summary>
    public static double P99(this IEnumerable<double> values) => values.Quantile(0.99);
}
