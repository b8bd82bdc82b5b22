namespace Samples.ExperimentAmbassador;

/// <summary>What two proportions say about each other.</summary>
/// <param name="Difference">The experiment's rate less production's.</param>
/// <param name="Z">The difference in standard errors; 0 where nothing can be said.</param>
/// <param name="PValue">How likely a difference at least as large is when there is none.</param>
public sealed record ProportionTest(double Difference, double Z, double PValue);

/// <summary>The statistics of conversions.</summary>
public static class Significance
{
    /// <summary>
    /// The interval that has the true rate with the confidence that <paramref name="z"/> stands for (1.96: 95%, 2.576: 99%), by Wilson's
    /// score, which stays honest for few clients and for rates near 0 and 1 (E. B. Wilson, 1927).
    /// </summary>
    public static (double Low, double High) Wilson(long successes, long trials, double z = 1.959964)
    {
        if (trials == 0)
            return (0, 1);
        var (n, p) = ((double)trials, (double)successes / trials);
        var centre = (p + z * z / (2 * n)) / (1 + z * z / n);
        var half = z / (1 + z * z / n) * Math.Sqrt(p * (1 - p) / n + z * z / (4 * n * n));
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>The pooled two-proportion z-test, two-sided.</summary>
    public static ProportionTest Compare(long productionSuccesses, long productionTrials, long experimentSuccesses, long experimentTrials)
    {
        if (productionTrials == 0 || experimentTrials == 0)
            return new ProportionTest(0, 0, 1);
        var difference = (double)experimentSuccesses / experimentTrials - (double)productionSuccesses / productionTrials;
        var pooled = (double)(productionSuccesses + experimentSuccesses) / (productionTrials + experimentTrials);
        var error = Math.Sqrt(pooled * (1 - pooled) * (1.0 / productionTrials + 1.0 / experimentTrials));
        if (error == 0)
            return new ProportionTest(difference, 0, 1);
        var z = difference / error;
        return new ProportionTest(difference, z, ErrorFunctionComplement(Math.Abs(z) / Math.Sqrt(2)));
    }

    // Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: at most 1.5e-7 off.
    private static double ErrorFunctionComplement(double x)
    {
        var t = 1 / (1 + 0.3275911 * x);
        var series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        return series * Math.Exp(-x * x);
    }
}
