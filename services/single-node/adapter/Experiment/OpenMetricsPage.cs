using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Samples.Experiments.Adapter;

/// <summary>A value on a page: its name, its labels in the order of their names, and the value.</summary>
internal sealed record PageSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>
/// A parser of OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec) that accepts nothing but what the specification's
/// grammar and rules allow, as far as counters, gauges and unknown values go. It shares no code with what writes pages.
/// </summary>
internal sealed partial class OpenMetricsPage
{
    private static readonly string[] Types = ["counter", "gauge", "histogram", "gaugehistogram", "stateset", "info", "summary", "unknown"];

    private readonly Dictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly HashSet<string> _series = new(StringComparer.Ordinal);
    private readonly List<PageSample> _samples = [];
    private Family? _current;

    private sealed class Family(string name)
    {
        public string Name => name;
        public string? Type { get; set; }
        public HashSet<string> Said { get; } = [];
        public bool HasSamples { get; set; }
    }

    /// <summary>All values in the order of the page.</summary>
    public IReadOnlyList<PageSample> Samples => _samples;

    /// <summary>Reads a page. Throws <see cref="FormatException"/> that names the line.</summary>
    public static OpenMetricsPage Parse(string text)
    {
        if (!text.EndsWith("# EOF\n", StringComparison.Ordinal))
            throw new FormatException("the page does not end in '# EOF' and a line feed");
        var page = new OpenMetricsPage();
        var lines = text.Split('\n')[..^2];
        foreach (var (i, line) in lines.Index())
        {
            try
            {
                page.Read(line);
            }
            catch (FormatException error)
            {
                throw new FormatException($"line {i + 1}, '{line}': {error.Message}");
            }
        }

        page.CheckNames();
        return page;
    }

    /// <summary>The value of a series, null when it is not there.</summary>
    public double? Find(string name, params (string Name, string Value)[] labels) =>
        _samples.FirstOrDefault(s => s.Name == name && s.Labels.Count == labels.Length
            && labels.All(l => s.Labels.GetValueOrDefault(l.Name) == l.Value))?.Value;

    private void Read(string line)
    {
        if (line.Length == 0)
            throw new FormatException("an empty line");
        if (line[0] != '#')
            ReadSample(line);
        else if (Descriptor().Match(line) is { Success: true } descriptor)
            ReadDescriptor(descriptor.Groups["name"].Value, descriptor.Groups["kind"].Value, descriptor.Groups["text"].Value);
        else
            throw new FormatException("neither HELP, TYPE, UNIT nor a sample");
    }

    private void ReadDescriptor(string name, string kind, string text)
    {
        if (_current?.Name != name)
        {
            _current = new Family(name);
            if (!_families.TryAdd(name, _current))
                throw new FormatException("a family that was on the page before");
        }

        if (_current.HasSamples || !_current.Said.Add(kind))
            throw new FormatException($"{kind} a second time, or after a sample");
        if (kind == "TYPE")
            _current.Type = Types.Contains(text) ? text : throw new FormatException($"'{text}' is no type");
        else if (kind == "UNIT" && text.Length > 0 && !name.EndsWith("_" + text, StringComparison.Ordinal))
            throw new FormatException("the unit is not the end of the name");
        else if (kind == "HELP")
            Unescape(text);
    }

    private void ReadSample(string line)
    {
        var at = line.IndexOfAny(['{', ' ']);
        if (at <= 0 || !Name().IsMatch(line[..at]))
            throw new FormatException("no name");
        var (name, labels) = (line[..at], new SortedDictionary<string, string>(StringComparer.Ordinal));
        if (line[at] == '{')
            at = ReadLabels(line, at + 1, labels);
        if (at >= line.Length || line[at] != ' ' || !Number().IsMatch(line[(at + 1)..]))
            throw new FormatException("no value after one space");
        var value = double.Parse(line[(at + 1)..].Replace("Inf", "Infinity"), CultureInfo.InvariantCulture);
        Check(name, value);
        if (!_series.Add(name + "\0" + string.Join('\0', labels.Where(l => l.Value.Length > 0).Select(l => $"{l.Key}\0{l.Value}"))))
            throw new FormatException("a series that was on the page before");
        _samples.Add(new PageSample(name, labels, value));
    }

    private void Check(string name, double value)
    {
        if (_current?.Type is null)
            throw new FormatException("a sample without a TYPE before it");
        _current.HasSamples = true;
        var allowed = _current.Type == "counter" ? _current.Name + "_total" : _current.Name;
        if (name != allowed)
            throw new FormatException($"a sample of the {_current.Type} '{_current.Name}' is called {allowed}");
        if (_current.Type == "counter" && !(value >= 0))
            throw new FormatException("a counter that is negative or no number");
    }

    private static int ReadLabels(string line, int at, SortedDictionary<string, string> labels)
    {
        while (true)
        {
            var equals = line.IndexOf("=\"", at, StringComparison.Ordinal);
            if (equals < 0 || !LabelName().IsMatch(line[at..equals]))
                throw new FormatException("no label's name");
            var end = equals + 2;
            while (end < line.Length && line[end] != '"')
                end += line[end] == '\\' ? 2 : 1;
            if (end >= line.Length)
                throw new FormatException("a label's value that does not end");
            if (!labels.TryAdd(line[at..equals], Unescape(line[(equals + 2)..end])))
                throw new FormatException("a label twice");
            if (line.ElementAtOrDefault(end + 1) == '}')
                return end + 2;
            if (line.ElementAtOrDefault(end + 1) != ',')
                throw new FormatException("neither a comma nor the end after a label");
            at = end + 2;
        }
    }

    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            plain.Append(text[i] != '\\' ? text[i] : text.ElementAtOrDefault(++i) switch
            {
                'n' => '\n',
                '"' => '"',
                '\\' => '\\',
                _ => throw new FormatException("a backslash that escapes nothing"),
            });
        }

        return plain.ToString();
    }

    // No family may have a name that a sample of another could have.
    private void CheckNames()
    {
        foreach (var family in _families.Values)
        {
            if (family.Type is null)
                throw new FormatException($"'{family.Name}' has no TYPE");
            if (family.Type == "counter" && _families.ContainsKey(family.Name + "_total"))
                throw new FormatException($"'{family.Name}_total' is a family and a sample");
        }
    }

    [GeneratedRegex(@"^# (?<kind>HELP|TYPE|UNIT) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.*)$")]
    private static partial Regex Descriptor();

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex Name();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*$")]
    private static partial Regex LabelName();

    [GeneratedRegex(@"^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?Inf|NaN)( [0-9]+(\.[0-9]+)?)?$")]
    private static partial Regex Number();
}
