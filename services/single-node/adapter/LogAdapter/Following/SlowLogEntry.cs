using Samples.RedisWire;

namespace Samples.LogAdapter.Following;

/// <summary>One entry: number, time in seconds, microseconds it took, the command, and who sent it.</summary>
internal sealed record SlowLogEntry(
    long Id, long Seconds, long Microseconds, IReadOnlyList<string> Command, string? Client, string? ClientName)
{
    /// <summary>Null when it has another shape.</summary>
    public static SlowLogEntry? Read(RespList entry)
    {
        if (entry.Items.ToArray() is not [RespNumber id, RespNumber seconds, RespNumber took, RespList command, .. var rest])
            return null;
        var words = command.Items.OfType<RespText>().Select(t => t.Text);
        return new SlowLogEntry(id.Number, seconds.Number, took.Number, [.. words], TextAt(rest, 0), TextAt(rest, 1));
    }

    /// <summary>The record that it is, with attributes by the semantic conventions for databases.</summary>
    public ParsedLine ToLine()
    {
        var attributes = new Dictionary<string, object>
        {
            ["db.system.name"] = "redis",
            ["db.operation.name"] = Command.Count > 0 ? Command[0].ToUpperInvariant() : "",
            ["db.query.text"] = string.Join(' ', Command.Select(Quote)),
            ["redis.slowlog.id"] = Id,
            ["redis.slowlog.duration_us"] = Microseconds,
        };
        if (Client is { Length: > 0 })
            attributes["client.address"] = Client;
        if (ClientName is { Length: > 0 })
            attributes["redis.client.name"] = ClientName;
        return new ParsedLine(
            DateTimeOffset.FromUnixTimeSeconds(Seconds), "WARN", $"{attributes["db.query.text"]} took {Microseconds} µs", attributes);
    }

    private static string? TextAt(RespValue[] items, int index) => index < items.Length ? (items[index] as RespText)?.Text : null;

    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => c is > ' ' and not ('"' or '\\'))
            ? word
            : $"\"{word.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")}\"";
}
