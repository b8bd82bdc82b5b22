using System.Globalization;

namespace Samples.Runtime.Resources;

/// <summary>Durations in the notation of Dapr's files: <c>1h30m</c>, <c>1.5s</c>, <c>500ms</c>.</summary>
public static class GoDuration
{
    /// <summary>A duration above zero; throws <see cref="FormatException"/>.</summary>
    public static TimeSpan Parse(string text)
    {
        var total = TimeSpan.Zero;
        for (var at = 0; at < text.Length;)
        {
            var number = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
                at++;
            var unit = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
                at++;
            if (unit == number
                || unit == at
                || !double.TryParse(text[number..unit], CultureInfo.InvariantCulture, out var amount)
                || amount > 1e9)
                throw Wrong(text);
            total += text[unit..at] switch
            {
                "h" => TimeSpan.FromHours(Math.Min(amount, 1e6)),
                "m" => TimeSpan.FromMinutes(amount),
                "s" => TimeSpan.FromSeconds(amount),
                "ms" => TimeSpan.FromMilliseconds(amount),
                _ => throw Wrong(text),
            };
        }

        return total > TimeSpan.Zero ? total : throw Wrong(text);
    }

    private static FormatException Wrong(string text) => new($"'{text}' is no duration such as 1h30m or 10s");
}
