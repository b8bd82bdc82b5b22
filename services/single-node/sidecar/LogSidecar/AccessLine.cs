using System.Globalization;
using System.Text.RegularExpressions;

namespace Samples.LogSidecar;

/// <summary>
/// The fields of a line in Common Log Format, as NCSA httpd wrote it and everybody since; what the combined format adds is passed over.
/// </summary>
public sealed partial record AccessLine(string Host, string? User, DateTimeOffset Time, string Method, string Path, int Status, long Bytes)
{
    /// <summary>Null where it is another kind of line.</summary>
    public static AccessLine? Parse(string line)
    {
        var match = Format().Match(line);
        // 10/Oct/2000:13:55:36 -0700
        if (!match.Success || !DateTimeOffset.TryParseExact(match.Groups["time"].Value.Insert(24, ":"), "dd/MMM/yyyy:HH:mm:ss zzz",
                CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return null;
        string[] request = match.Groups["request"].Value.Split(' ');
        var target = request.Length > 1 ? request[1] : "-";
        return new AccessLine(
            match.Groups["host"].Value,
            match.Groups["user"].Value is "-" ? null : match.Groups["user"].Value,
            time,
            request[0],
            target.Split('?', 2)[0],
            int.Parse(match.Groups["status"].ValueSpan, CultureInfo.InvariantCulture),
            match.Groups["bytes"].Value is "-" ? 0 : long.Parse(match.Groups["bytes"].ValueSpan, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(
        """^(?<host>\S+) \S+ (?<user>\S+) \[(?<time>[^\]]{26})\] "(?<request>(\\.|[^"\\])*)" """
        + """(?<status>[1-9][0-9]{2}) (?<bytes>-|[0-9]{1,18})( .*)?$""")]
    private static partial Regex Format();
}
