using System.Globalization;
using System.Text.RegularExpressions;

namespace Samples.LogAdapter.Formats;

/// <summary>
/// Common Log Format, and Combined with two more fields, as web servers write them (https://httpd.apache.org/docs/current/logs.html).
/// </summary>
internal sealed partial class CommonLog : ILogFormat
{
    /// <summary>Whether a line can be one.</summary>
    public static bool Looks(string line) => Line().IsMatch(line);

    public ParsedLine Parse(string first, IReadOnlyList<string> more)
    {
        if (Line().Match(first) is not { Success: true } line)
            return ParsedLine.Unreadable(first, "It is not in Common Log Format.");
        var written = line.Groups["time"].Value;
        if (!DateTimeOffset.TryParseExact(
            written, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return ParsedLine.Unreadable(first, $"'{written}' is no time.");
        var status = int.Parse(line.Groups["status"].Value, CultureInfo.InvariantCulture);
        var attributes = new Dictionary<string, object>
        {
            ["client.address"] = line.Groups["client"].Value,
            ["http.response.status_code"] = status,
        };
        if (line.Groups["user"].Value is not "-" and var user)
            attributes["user.name"] = user;
        if (long.TryParse(line.Groups["size"].Value, CultureInfo.InvariantCulture, out var size))
            attributes["http.response.body.size"] = size;
        AddRequest(attributes, Unescape(line.Groups["request"].Value));
        Add(attributes, "http.request.header.referer", line.Groups["referer"]);
        Add(attributes, "user_agent.original", line.Groups["agent"]);
        return new ParsedLine(time, Severity.OfStatus(status), first, attributes);
    }

    // What a client sent need not be a request; a server writes down anything.
    private static void AddRequest(Dictionary<string, object> attributes, string request)
    {
        if (Request().Match(request) is not { Success: true } parts)
            return;
        attributes["http.request.method"] = parts.Groups["method"].Value;
        attributes["url.path"] = parts.Groups["path"].Value;
        attributes["network.protocol.version"] = parts.Groups["version"].Value;
        if (parts.Groups["query"].Success)
            attributes["url.query"] = parts.Groups["query"].Value;
    }

    private static void Add(Dictionary<string, object> attributes, string name, Group field)
    {
        if (field.Success && field.Value != "-")
            attributes[name] = Unescape(field.Value);
    }

    private static string Unescape(string text) => Escaped().Replace(text, e => e.Value[1] == 'x' && e.Length == 4
        ? $"{(char)int.Parse(e.ValueSpan[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture)}" : e.Value[1..]);

    [GeneratedRegex(
        """^(?<client>\S+) \S+ (?<user>\S+(?: \S+)*?) \[(?<time>[^\]]+)\] "(?<request>(?:[^"\\]|\\.)*)" """
        + """(?<status>[1-9]\d\d) (?<size>\d+|-)(?: "(?<referer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)")?$""")]
    private static partial Regex Line();

    [GeneratedRegex(@"^(?<method>[A-Z]+) (?<path>[^ ?]*)(?:\?(?<query>[^ ]*))? HTTP/(?<version>\d(?:\.\d)?)$")]
    private static partial Regex Request();

    [GeneratedRegex(@"\\(?:x[0-9a-fA-F]{2}|.)")]
    private static partial Regex Escaped();
}
