namespace Samples.LogAdapter;

/// <summary>Words for severities and their numbers in OpenTelemetry.</summary>
internal static class Severity
{
    private static readonly Dictionary<string, int> Numbers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["trace"] = 1, ["debug"] = 5, ["info"] = 9, ["information"] = 9, ["notice"] = 10, ["warn"] = 13, ["warning"] = 13,
        ["error"] = 17, ["err"] = 17, ["severe"] = 17, ["critical"] = 21, ["fatal"] = 21,
    };

    /// <summary>0 for a word that is not known.</summary>
    public static int NumberOf(string? text) => text is not null && Numbers.TryGetValue(text, out var number) ? number : 0;

    /// <summary>An access log has no word for it; the status is one.</summary>
    public static string OfStatus(int status) => status >= 500 ? "ERROR" : status >= 400 ? "WARN" : "INFO";
}
