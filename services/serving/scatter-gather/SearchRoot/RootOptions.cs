using Samples.Defaults;

namespace Samples.SearchRoot;

/// <summary>How the root asks; every setting has an environment variable of the name in brackets.</summary>
public sealed record RootOptions
{
    /// <summary>The app ids of each leaf's replicas: leaves are separated by <c>;</c>, replicas by <c>,</c> [LEAVES].</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Leaves { get; init; }

    /// <summary>Into how many partitions the index is cut, as the leaves have it [PARTITIONS].</summary>
    public required int Partitions { get; init; }

    /// <summary>The time for an answer where a request names none [DEADLINE_MS].</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether a leaf that is late is asked again on its other replica, where a request doesn't say [HEDGING].</summary>
    public bool Hedging { get; init; } = true;

    /// <summary>How late: this quantile of the latencies seen [HEDGE_QUANTILE].</summary>
    public double HedgeQuantile { get; init; } = 0.95;

    /// <summary>
    /// Hedges at most, as a share of all questions: when everything is slow, asking twice makes it slower [HEDGE_BUDGET]. 0: none but those
    /// that are free.
    /// </summary>
    public double HedgeBudget { get; init; } = 0.1;

    /// <summary>Hedges a second that are granted beside these, however few questions there are.</summary>
    public double FreeHedgesPerSecond { get; init; } = 10;

    /// <summary>How late before enough latencies were seen.</summary>
    public TimeSpan FirstHedge { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>So many misses in a row make a replica an outlier [OUTLIER_MISSES].</summary>
    public int OutlierMisses { get; init; } = 3;

    /// <summary>How long an outlier is avoided at first; the time doubles with each trial that fails [OUTLIER_SECONDS].</summary>
    public TimeSpan OutlierPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that an outlier is avoided.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Reads and checks the settings.</summary>
    public static RootOptions From(IConfiguration configuration)
    {
        string[][] leaves =
        [
            .. (configuration["LEAVES"] ?? "search-leaf").Split(';')
                .Select(l => l.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        ];
        if (leaves.Any(l => l.Length == 0))
            throw new WrongSettingException(
                $"LEAVES is '{configuration["LEAVES"]}'; write app ids, ',' between replicas of a leaf and ';' between leaves.");
        return new RootOptions
        {
            Leaves = leaves,
            Partitions = configuration.Whole("PARTITIONS", 4, leaves.Length, 1024),
            Deadline = TimeSpan.FromMilliseconds(
                configuration.Number("DEADLINE_MS", 1000, SearchRequest.ShortestDeadlineMs, SearchRequest.LongestDeadlineMs)),
            Hedging = configuration["HEDGING"] is not "false",
            HedgeQuantile = configuration.Number("HEDGE_QUANTILE", 0.95, 0.5, 0.999),
            HedgeBudget = configuration.Number("HEDGE_BUDGET", 0.1, 0, 1),
            OutlierMisses = configuration.Whole("OUTLIER_MISSES", 3, 1, 1000),
            OutlierPause = configuration.Seconds("OUTLIER_SECONDS", 1, 0.1, 30),
        };
    }
}
