namespace Samples.LogAdapter.Formats;

/// <summary>A file into which several write, each in its own format: a line is what it looks like.</summary>
internal sealed class AnyLog(TimeZoneInfo zone) : ILogFormat
{
    private readonly JsonLog _json = new(zone);
    private readonly CommonLog _common = new();
    private readonly StormLog _storm = new(zone);

    public bool Continues(string line) => _storm.Continues(line);

    public ParsedLine Parse(string first, IReadOnlyList<string> more) =>
        first.StartsWith('{') ? Whole(_json.Parse(first, []), more)
        : StormLog.Looks(first) ? _storm.Parse(first, more)
        : CommonLog.Looks(first) ? Whole(_common.Parse(first, []), more)
        : ParsedLine.Unreadable(string.Join('\n', more.Prepend(first)), "It fits none of the formats.");

    // What is indented below a line of another format belongs to it as well as to anything.
    private static ParsedLine Whole(ParsedLine line, IReadOnlyList<string> more) =>
        more.Count == 0 ? line : line with { Body = string.Join('\n', more.Prepend(line.Body)) };
}
