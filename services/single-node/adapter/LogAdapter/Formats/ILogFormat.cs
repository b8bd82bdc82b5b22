namespace Samples.LogAdapter.Formats;

/// <summary>A way of writing logs.</summary>
internal interface ILogFormat
{
    /// <summary>Whether a line goes on with the record before it, which the same writer has begun.</summary>
    bool Continues(string line) => false;

    /// <summary>
    /// Reads a record: its first line, and those that go on with it. <see cref="ParsedLine.Unreadable"/> when it is none; never an
    /// exception, never nothing.
    /// </summary>
    ParsedLine Parse(string first, IReadOnlyList<string> more);
}

/// <summary>The formats by name.</summary>
internal static class LogFormats
{
    /// <summary>Their names, for messages.</summary>
    public const string Names = "clf, storm, json or any";

    /// <summary>A format; times without a zone are of this one. Null for a name that is none.</summary>
    public static ILogFormat? Create(string name, TimeZoneInfo zone) => name switch
    {
        "clf" => new CommonLog(),
        "storm" => new StormLog(zone),
        "json" => new JsonLog(zone),
        "any" => new AnyLog(zone),
        _ => null,
    };
}
