using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Samples.Defaults;

namespace Samples.FunctionHost;

/// <summary>Durations as OpenFaaS writes them: Go's <c>time.ParseDuration</c>, or bare seconds.</summary>
public static partial class GoDuration
{
    /// <summary>The duration in a setting. Throws <see cref="WrongSettingException"/> for what is none, or not above zero.</summary>
    public static TimeSpan Read(IConfiguration configuration, string name, TimeSpan otherwise)
    {
        if (configuration[name] is not { Length: > 0 } text)
            return otherwise;
        return TryParse(text) is { } duration && duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(1)
            ? duration
            : throw new WrongSettingException($"{name} is '{text}'; give a duration such as 500ms, 10s or 1m30s, at most a day.");
    }

    internal static TimeSpan? TryParse(string text)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var bare))
            return FromSeconds(bare);
        if (Whole().Match(text) is not { Success: true } match)
            return null;
        var parts = match.Groups["number"].Captures.Zip(match.Groups["unit"].Captures);
        return FromSeconds(parts.Sum(p => double.Parse(p.First.Value, CultureInfo.InvariantCulture) * SecondsOf(p.Second.Value)));
    }

    private static TimeSpan? FromSeconds(double seconds) =>
        seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

    private static double SecondsOf(string unit) => unit switch { "h" => 3600, "m" => 60, "s" => 1, _ => 0.001 };

    [GeneratedRegex(@"^((?<number>\d+(\.\d+)?)(?<unit>ms|h|m|s))+$")]
    private static partial Regex Whole();
}
