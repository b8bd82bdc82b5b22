using System.Globalization;
using System.Text.RegularExpressions;

namespace Samples.LogAdapter.Formats;

/// <summary>
/// Lines as Apache Storm's log4j writes them, <c>2013-12-31 23:59:59.123 b.s.d.worker main [INFO] text</c>, mostly without a zone. A
/// failure is a stack trace: lines that are indented, or name an exception, go on with the record before.
/// </summary>
internal sealed partial class StormLog(TimeZoneInfo zone) : ILogFormat
{
    private readonly LocalTimes _times = new(zone);

    /// <summary>Whether a line can begin a record.</summary>
    public static bool Looks(string line) => Line().IsMatch(line);

    /// <summary>Whether a line is part of a stack trace.</summary>
    public static bool IsTrace(string line) => Trace().IsMatch(line);

    public bool Continues(string line) => IsTrace(line);

    public ParsedLine Parse(string first, IReadOnlyList<string> more)
    {
        if (Line().Match(first) is not { Success: true } line)
            return ParsedLine.Unreadable(string.Join('\n', more.Prepend(first)), "It does not begin with a time, a logger and a severity.");
        if (_times.Parse(line.Groups["time"].Value.Replace(',', '.'), line.Groups["zone"].Value) is not { } time)
            return ParsedLine.Unreadable(string.Join('\n', more.Prepend(first)), $"'{line.Groups["time"].Value}' is no time.");
        var attributes = new Dictionary<string, object> { ["code.namespace"] = line.Groups["logger"].Value };
        if (line.Groups["thread"].Success)
            attributes["thread.name"] = line.Groups["thread"].Value;
        if (more.Count > 0 && Exception().Match(more[0]) is { Success: true } exception)
        {
            attributes["exception.type"] = exception.Groups["type"].Value;
            attributes["exception.message"] = exception.Groups["message"].Value;
            attributes["exception.stacktrace"] = string.Join('\n', more);
        }

        return new ParsedLine(time, line.Groups["level"].Value, string.Join('\n', more.Prepend(line.Groups["text"].Value)), attributes);
    }

    [GeneratedRegex(
        @"^(?<time>\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,7})?) ?(?<zone>Z|[+-]\d\d:?\d\d)? "
        + @"(?<logger>\S+)(?: (?<thread>\S+))? \[(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\] (?<text>.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"^(?:\s+\S|Caused by: |Suppressed: |[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+(?:: .*)?$)")]
    private static partial Regex Trace();

    [GeneratedRegex(@"^(?<type>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+)(?:: (?<message>.*))?$")]
    private static partial Regex Exception();
}
