namespace Samples.MetricsAdapter.Page;

/// <summary>
/// Takes samples of all sources and keeps the page one that a strict parser accepts: what would break it is refused, and the caller is told
/// why. Who comes first is right; sources come in the order of their names, so that every scrape decides the same.
/// </summary>
internal sealed class MetricPage
{
    private readonly SortedDictionary<string, List<Sample>> _families = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MetricFamily> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);

    /// <summary>Families by name, each with its values, as they belong on the page.</summary>
    public IEnumerable<(MetricFamily Family, IReadOnlyList<Sample> Samples)> Families =>
        _families.Values.Select(s => (s[0].Family, (IReadOnlyList<Sample>)s));

    /// <summary>Puts a sample on the page; null, or the reason why it is not there.</summary>
    public string? Add(Sample sample)
    {
        var family = sample.Family;
        if (WhyRefused(sample) is { } reason)
            return reason;
        // A counter occupies its base name, too: OpenMetrics calls the family that.
        foreach (var name in (string[])[family.Name, family.BaseName])
        {
            if (_names.TryGetValue(name, out var known) && (known.Type, known.Name) != (family.Type, family.Name))
                return "type";
        }

        if (!_series.Add(Identity(sample)))
            return "duplicate";
        _names[family.Name] = _names[family.BaseName] = family;
        if (!_families.TryGetValue(family.Name, out var samples))
            _families[family.Name] = samples = [];
        samples.Add(sample);
        return null;
    }

    private static string? WhyRefused(Sample sample) => sample switch
    {
        { Family.Type: MetricType.Counter } when !sample.Family.Name.EndsWith(MetricNames.Total, StringComparison.Ordinal)
            || sample.Family.BaseName.Length == 0 => "name",
        { Family.Type: MetricType.Gauge } when sample.Family.Name.EndsWith(MetricNames.Total, StringComparison.Ordinal) => "name",
        _ when !MetricNames.IsMetric(sample.Family.Name) => "name",
        // A NaN in a sum makes the whole sum one, and no rate of an infinite counter means anything.
        _ when !double.IsFinite(sample.Value) => "not-finite",
        { Family.Type: MetricType.Counter, Value: < 0 } => "negative",
        _ when sample.Labels.Any(l => l.Name != MetricNames.Source && !MetricNames.IsLabel(l.Name)) => "label",
        _ when sample.Labels.DistinctBy(l => l.Name).Count() != sample.Labels.Count => "label",
        _ => null,
    };

    // A label without a value is the same as none; the order of labels means nothing.
    private static string Identity(Sample sample) => string.Join('\0',
        sample.Labels.Where(l => l.Value.Length > 0).OrderBy(l => l.Name, StringComparer.Ordinal).SelectMany(l => new[] { l.Name, l.Value })
            .Prepend(sample.Family.Name));
}
