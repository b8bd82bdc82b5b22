using System.Text.Json.Serialization;

namespace Samples.LogAdapter;

/// <summary>
/// One record, whatever it came from: the fields of OpenTelemetry's log data model
/// (https://opentelemetry.io/docs/specs/otel/logs/data-model), and attributes by its semantic conventions.
/// </summary>
/// <param name="Timestamp">When it happened, in nanoseconds since 1970 as text; left out where the line does not say.</param>
/// <param name="ObservedTimestamp">When the adapter saw it, likewise.</param>
/// <param name="SeverityText">The word of the source.</param>
/// <param name="SeverityNumber">1 to 24; 0 where the line does not say.</param>
/// <param name="Body">What was said; the whole line where it cannot be read.</param>
/// <param name="Attributes">Texts, numbers and truth values by name.</param>
/// <param name="Resource">Who said it.</param>
internal sealed record LogRecord(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Timestamp,
    string ObservedTimestamp,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? SeverityText,
    int SeverityNumber,
    string Body,
    IReadOnlyDictionary<string, object> Attributes,
    IReadOnlyDictionary<string, string> Resource)
{
    /// <summary>The attribute that says what was wrong with a line that is kept whole.</summary>
    public const string ParseError = "log.parse.error";

    /// <summary>Nanoseconds since 1970, as far as 100 of them are told apart.</summary>
    public static string Nanoseconds(DateTimeOffset time) => $"{(time - DateTimeOffset.UnixEpoch).Ticks * 100L}";
}

/// <summary>What a format reads out of one record's lines.</summary>
internal sealed record ParsedLine(DateTimeOffset? Time, string? SeverityText, string Body, IReadOnlyDictionary<string, object> Attributes)
{
    /// <summary>A line that fits nothing: kept as it is.</summary>
    public static ParsedLine Unreadable(string line, string problem) =>
        new(null, null, line, new Dictionary<string, object> { [LogRecord.ParseError] = problem });
}
