using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Samples.Conformance.Record;

/// <summary>
/// Compares what was recorded with what came. What differs from run to run (ids, times, ports, trace ids, folders) needs the same
/// shape; everything else must be equal. Ids of the record that came back as other ids here are remembered: later requests use them.
/// </summary>
internal sealed partial class Likeness
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    /// <summary>A request of the record, with this run's ids in it.</summary>
    public string Translate(string text) => Id().Replace(text, id => _ids.GetValueOrDefault(id.Value, id.Value));

    /// <summary>The differences of two JSON values, each with its place; <paramref name="at"/> is the place of the values.</summary>
    public IEnumerable<Difference> Compare(JsonNode? recorded, JsonNode? actual, string at)
    {
        switch (recorded, actual)
        {
            case (null, null):
                return [];
            case (JsonObject left, JsonObject right):
                return left.Select(l => l.Key).Union(right.Select(r => r.Key)).SelectMany(key =>
                    left.ContainsKey(key) && right.ContainsKey(key)
                        ? Compare(left[key], right[key], $"{at}.{key}")
                        : [new Difference($"{at}.{key}", Text(left, key), Text(right, key))]);
            case (JsonArray left, JsonArray right) when left.Count == right.Count:
                var (ordered, found) = IsSet(at) ? (Sorted(left), Sorted(right)) : (Ordered(left), Ordered(right));
                return ordered.SelectMany((item, i) => Compare(item, found[i], $"{at}[{Name(item) ?? i.ToString()}]"));
            case (JsonArray left, JsonArray right) when left.All(l => Name(l) is not null):
                // Lists of named things are compared by name, so that the difference says which is missing.
                return Compare(ByName(left), ByName(right), at);
            case (JsonValue left, JsonValue right) when left.GetValueKind() == JsonValueKind.String
                && right.GetValueKind() == JsonValueKind.String:
                return CompareTexts(left.GetValue<string>(), right.GetValue<string>(), at);
            case (JsonValue left, JsonValue right) when at.EndsWith(".port", StringComparison.Ordinal)
                && left.GetValueKind() == right.GetValueKind():
                return [];
            default:
                return JsonNode.DeepEquals(recorded, actual) ? [] : [new Difference(at, Text(recorded), Text(actual))];
        }
    }

    /// <summary>The differences of two texts; texts that are JSON are compared as such.</summary>
    public IEnumerable<Difference> CompareTexts(string recorded, string actual, string at)
    {
        // Go's protobuf library writes one or the other space into its messages, as the build has it, so that nobody depends on them.
        (recorded, actual) = (recorded.Replace('\u00a0', ' '), actual.Replace('\u00a0', ' '));
        if (Parse(recorded) is JsonObject or JsonArray && Parse(actual) is { } json)
            return Compare(Parse(recorded), json, at);
        if (!Pattern(recorded).IsMatch(actual))
            return [new Difference(at, recorded, actual)];
        if (Id().Match(recorded) is { Success: true } id && id.Length == recorded.Length)
            _ids[recorded] = actual;
        return [];
    }

    /// <summary>The JSON of a text, or the text.</summary>
    public static JsonNode? ParseOrText(string text) => text == "null" ? null : Parse(text) ?? JsonValue.Create(text);

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length > 0 ? JsonNode.Parse(text) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Regex Pattern(string recorded)
    {
        var position = 0;
        var pattern = new System.Text.StringBuilder("^");
        foreach (Match varying in Varying().Matches(recorded))
        {
            pattern.Append(Regex.Escape(recorded[position..varying.Index])).Append(
                varying.Groups["trace"].Success ? "00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
                : varying.Groups["time"].Success ? @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
                : varying.Groups["gotime"].Success ? @"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC"
                : varying.Groups["address"].Success ? @"127\.0\.0\.1:\d+"
                : varying.Groups["folder"].Success ? ".*/files"
                : ".+");
            position = varying.Index + varying.Length;
        }

        return new Regex(pattern.Append(Regex.Escape(recorded[position..])).Append('$').ToString(), RegexOptions.Singleline);
    }

    private static JsonNode?[] Ordered(JsonArray list) =>
        list.All(i => Name(i) is not null) ? [.. list.OrderBy(Name, StringComparer.Ordinal)] : [.. list];

    private static JsonNode?[] Sorted(JsonArray list) => [.. list.OrderBy(i => i?.ToString(), StringComparer.Ordinal)];

    // Daprd tells them in any order.
    private static bool IsSet(string at) => at.EndsWith(".enabledFeatures", StringComparison.Ordinal);

    private static string? Name(JsonNode? item) =>
        item is JsonObject named && (named["name"] ?? named["topic"]) is JsonValue name ? name.ToString() : null;

    private static JsonObject ByName(JsonArray list) =>
        new(list.Select((item, i) => KeyValuePair.Create(Name(item) ?? i.ToString(), item?.DeepClone())));

    private static string Text(JsonObject of, string key) => of.ContainsKey(key) ? Text(of[key]) : "(absent)";

    private static string Text(JsonNode? node) => node?.ToJsonString() ?? "null";

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    // A trace that the request named (0af76519...) is determined; the zeros of a daprd that does not trace are not.
    [GeneratedRegex(
        "(?<trace>00-0{32}-0{16}-00)"
        + "|(?<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
        + @"|(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
        + @"|(?<gotime>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \+0000 UTC)"
        + @"|(?<address>127\.0\.0\.1:\d{5})"
        + "|(?<folder>/data/files)"
        + @"|(?<date>[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)")]
    private static partial Regex Varying();
}

/// <summary>One difference between the record and this runtime.</summary>
internal sealed record Difference(string At, string Recorded, string Actual);
