using Microsoft.Extensions.Primitives;

namespace Samples.Cache.Http;

/// <summary>
/// The directives of a <c>Cache-Control</c> header (RFC 9111, 5.2). Lenient where the RFC asks for it: unknown directives mean nothing, one
/// that is given twice counts the first time, and a number that cannot be read means "no time at all", so that a typo makes an answer stale
/// and never immortal.
/// </summary>
public sealed class CacheControl
{
    private const long MostSeconds = int.MaxValue;

    private readonly Dictionary<string, string?> _directives = new(StringComparer.OrdinalIgnoreCase);

    private CacheControl(bool isTargeted) => IsTargeted = isTargeted;

    /// <summary>Said to shared caches alone: <c>Expires</c> and what is said to all mean nothing then (RFC 9213, 2.2).</summary>
    public bool IsTargeted { get; }

    /// <summary>What an answer says to this cache.</summary>
    public static CacheControl Of(IReadOnlyDictionary<string, StringValues> answer) =>
        (answer.TryGetValue(TargetedControl.Field, out var targeted) ? TargetedControl.Read(targeted) : null)
        ?? Parse(answer.GetValueOrDefault("Cache-Control"));

    /// <summary>Reads all lines of the header.</summary>
    public static CacheControl Parse(StringValues lines, bool isTargeted = false)
    {
        var control = new CacheControl(isTargeted);
        foreach (var line in lines)
        {
            foreach (var part in Split(line ?? ""))
            {
                var equals = part.IndexOf('=');
                var name = (equals < 0 ? part : part[..equals]).Trim();
                if (name.Length > 0)
                    control._directives.TryAdd(name, equals < 0 ? null : Unquote(part[(equals + 1)..].Trim()));
            }
        }

        return control;
    }

    /// <summary>Whether a directive is there, with or without a value.</summary>
    public bool Has(string directive) => _directives.ContainsKey(directive);

    /// <summary>The value of a directive in seconds; null where it is absent, zero where it cannot be read.</summary>
    public TimeSpan? Seconds(string directive)
    {
        if (!_directives.TryGetValue(directive, out var text))
            return null;
        if (text is not { Length: > 0 } || !text.All(char.IsAsciiDigit))
            return TimeSpan.Zero;
        // Larger than anybody can mean, and counted as that (RFC 9111, 1.2.2).
        return TimeSpan.FromSeconds(long.TryParse(text, out var seconds) ? Math.Min(seconds, MostSeconds) : MostSeconds);
    }

    // Commas within quotes separate nothing: private="set-cookie, x-user".
    private static IEnumerable<string> Split(string line)
    {
        var (start, quoted) = (0, false);
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"')
                quoted = !quoted;
            else if (line[i] == '\\' && quoted)
                i++;
            else if (line[i] == ',' && !quoted)
            {
                yield return line[start..i];
                start = i + 1;
            }
        }

        yield return line[start..];
    }

    private static string Unquote(string value) => value is ['"', .., '"'] ? value[1..^1] : value;
}
