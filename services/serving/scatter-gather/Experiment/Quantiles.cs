namespace Samples.Experiments.ScatterGather;

/// <summary>Quantiles of what was measured, by the nearest rank.</summary>
internal static class Quantiles
{
    public static double Quantile(this IEnumerable<double> values, double quantile)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Max(0, (int)Math.Ceiling(quantile * sorted.Length) - 1)];
    }

    public static double Median(this IEnumerable<double> values) => values.Quantile(0.5);
}
