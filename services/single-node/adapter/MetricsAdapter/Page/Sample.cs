namespace Samples.MetricsAdapter.Page;

/// <summary>
/// The types of Prometheus that sources here have; histograms and summaries are several values, which these sources do not tell.
/// </summary>
internal enum MetricType
{
    /// <summary>Goes up, and back to zero when its source starts again.</summary>
    Counter,

    /// <summary>Goes up and down.</summary>
    Gauge,
}

/// <summary>What values of one name have in common.</summary>
/// <param name="Name">As it stands on the page: a counter's ends in <c>_total</c>.</param>
/// <param name="Type">Counter or gauge.</param>
/// <param name="Help">One sentence.</param>
internal sealed record MetricFamily(string Name, MetricType Type, string Help)
{
    /// <summary>The name as OpenMetrics counts it: without the suffix that belongs to the counter's value.</summary>
    public string BaseName => Type == MetricType.Counter ? Name[..^MetricNames.Total.Length] : Name;
}

/// <summary>A pair of a label.</summary>
internal readonly record struct Label(string Name, string Value);

/// <summary>One value of one source.</summary>
internal sealed record Sample(MetricFamily Family, IReadOnlyList<Label> Labels, double Value);
