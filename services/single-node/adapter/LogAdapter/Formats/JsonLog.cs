using System.Text.Json;

namespace Samples.LogAdapter.Formats;

/// <summary>
/// An object a line, as structured loggers write them. Time, severity and text have many names; every other field is an attribute.
/// </summary>
internal sealed class JsonLog(TimeZoneInfo zone) : ILogFormat
{
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly string[] Times = ["time", "timestamp", "ts", "@timestamp"];
    private static readonly string[] Severities = ["level", "severity"];
    private static readonly string[] Texts = ["msg", "message"];
    // Seconds until the year 5138; what is larger counts milliseconds.
    private const double LargestSecond = 100_000_000_000;

    private readonly LocalTimes _times = new(zone);

    public ParsedLine Parse(string first, IReadOnlyList<string> more)
    {
        try
        {
            using var document = JsonDocument.Parse(first, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(first, document.RootElement)
                : ParsedLine.Unreadable(first, "It is JSON, but no object.");
        }
        catch (JsonException error)
        {
            return ParsedLine.Unreadable(first, $"It is no JSON: {error.Message.Split(" LineNumber", 2)[0]}");
        }
    }

    private ParsedLine Read(string line, JsonElement root)
    {
        var (attributes, time, severity, body) = (new Dictionary<string, object>(), (DateTimeOffset?)null, (string?)null, (string?)null);
        foreach (var field in root.EnumerateObject())
        {
            if (time is null && Times.Contains(field.Name))
            {
                time = TimeOf(field.Value);
                if (time is null)
                    return ParsedLine.Unreadable(line, $"Its field '{field.Name}' is no time.");
            }
            else if (severity is null && Severities.Contains(field.Name) && field.Value.ValueKind == JsonValueKind.String)
                severity = field.Value.GetString();
            else if (body is null && Texts.Contains(field.Name) && field.Value.ValueKind == JsonValueKind.String)
                body = field.Value.GetString();
            else if (ValueOf(field.Value) is { } value)
                attributes[field.Name] = value;
        }

        return new ParsedLine(time, severity, body ?? line, attributes);
    }

    private DateTimeOffset? TimeOf(JsonElement value)
    {
        try
        {
            if (value.ValueKind == JsonValueKind.Number)
                return value.GetDouble() is var number && number < LargestSecond
                    ? DateTimeOffset.UnixEpoch.AddSeconds(number)
                    : DateTimeOffset.UnixEpoch.AddMilliseconds(number);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String || value.GetString() is not { Length: > 18 } text)
            return null;
        var zoneAt = text.LastIndexOfAny(['Z', '+', '-']);
        return zoneAt > 18 ? _times.Parse(text[..zoneAt].TrimEnd(), text[zoneAt..]) : _times.Parse(text);
    }

    private static object? ValueOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number =>
            value.TryGetInt64(out var whole) ? whole : value.GetDouble() is var real && double.IsFinite(real) ? real : value.GetRawText(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        // What is nested stays as it was written.
        _ => value.GetRawText(),
    };
}
