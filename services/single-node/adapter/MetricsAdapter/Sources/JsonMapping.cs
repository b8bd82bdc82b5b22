using System.Text.Json;
using System.Text.Json.Serialization;
using Samples.Defaults;
using Samples.MetricsAdapter.Page;

namespace Samples.MetricsAdapter.Sources;

/// <summary>
/// Which field of an application's statistics is which metric: a page of numbers does not say what is counted, and in which unit.
/// </summary>
internal sealed class JsonMapping
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly IReadOnlyList<(string[] Path, Rule Rule, MetricFamily Family)> _rules;

    private JsonMapping(IReadOnlyList<Rule> rules) =>
        _rules = [.. rules.Select(r => (r.Path.Split('/'), r, new MetricFamily(r.Name, r.Type, r.Help)))];

    /// <summary>One metric.</summary>
    /// <param name="Path">Fields from the outermost, with <c>/</c> between them; <c>*</c> stands for every field there, and its name
    /// becomes a label.</param>
    /// <param name="Name">As Prometheus shall see it.</param>
    /// <param name="Type">Counter or gauge.</param>
    /// <param name="Help">One sentence.</param>
    /// <param name="Unit">The unit that the application counts in, of those that <see cref="MetricNames.Units"/> has.</param>
    /// <param name="Labels">A label for each <c>*</c>.</param>
    public sealed record Rule(string Path, string Name, MetricType Type, string Help, string Unit = "", string[]? Labels = null);

    /// <summary>Reads and checks a mapping file.</summary>
    public static JsonMapping Load(string setting, string file)
    {
        try
        {
            return Parse(File.ReadAllText(file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            throw new WrongSettingException($"{setting} is '{file}', which is no mapping: {error.Message}");
        }
    }

    /// <summary>Throws <see cref="JsonException"/> or <see cref="FormatException"/> that says what is wrong.</summary>
    public static JsonMapping Parse(string text)
    {
        var rules = JsonSerializer.Deserialize<Rule[]>(text, Json) ?? [];
        foreach (var rule in rules)
        {
            var isTotal = rule.Name.EndsWith(MetricNames.Total, StringComparison.Ordinal);
            if (!MetricNames.IsMetric(rule.Name) || isTotal != (rule.Type == MetricType.Counter))
                throw new FormatException(
                    $"'{rule.Name}' is no name of a {rule.Type}; a counter's ends in {MetricNames.Total}, and no other does.");
            if (string.IsNullOrWhiteSpace(rule.Help))
                throw new FormatException($"'{rule.Name}' has no help.");
            if (!MetricNames.Units.ContainsKey(rule.Unit))
                throw new FormatException(
                    $"'{rule.Unit}' of '{rule.Name}' is no unit; known are {string.Join(' ', MetricNames.Units.Keys)}.");
            if (rule.Path.Split('/').Count(p => p == "*") != (rule.Labels?.Length ?? 0) || rule.Labels?.All(MetricNames.IsLabel) == false)
                throw new FormatException($"'{rule.Name}' needs a label's name for each * of its path '{rule.Path}'.");
        }

        return new JsonMapping(rules);
    }

    /// <summary>
    /// The metrics in a page. Fields that no rule names are not metrics; a field that a rule names and that is no number is refused.
    /// </summary>
    public Reading Read(JsonElement page)
    {
        var (samples, refused) = (new List<Sample>(), 0);
        foreach (var (path, rule, family) in _rules)
        {
            foreach (var (value, names) in Find(page, path, []))
            {
                if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number))
                {
                    var labels = names.Select((n, i) => new Label(rule.Labels![i], n));
                    samples.Add(new Sample(family, [.. labels], MetricNames.Units[rule.Unit].Convert(number)));
                }
                else
                {
                    refused++;
                }
            }
        }

        if (samples.Count == 0)
            throw new SourceException("empty", "The page has no field that the mapping names.");
        return new Reading(samples, new Dictionary<string, int> { ["format"] = refused });
    }

    private static IEnumerable<(JsonElement Value, string[] Names)> Find(JsonElement at, ReadOnlyMemory<string> path, string[] names)
    {
        if (path.IsEmpty)
            return [(at, names)];
        if (at.ValueKind != JsonValueKind.Object)
            return [];
        var (first, rest) = (path.Span[0], path[1..]);
        return first == "*"
            ? at.EnumerateObject().SelectMany(field => Find(field.Value, rest, [.. names, field.Name]))
            : at.TryGetProperty(first, out var next) ? Find(next, rest, names) : [];
    }
}
