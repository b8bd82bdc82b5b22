using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>A length of time as ISO 8601 writes it, calendar parts kept apart.</summary>
/// <param name="Years">Calendar years.</param>
/// <param name="Months">Calendar months.</param>
/// <param name="Days">Calendar days; weeks count as seven.</param>
/// <param name="Time">Hours and below.</param>
/// <param name="Repeats">How often at most; null without a limit.</param>
public readonly record struct Period(int Years, int Months, int Days, TimeSpan Time, int? Repeats = null)
{
    /// <summary>True where it is no time at all.</summary>
    public bool IsZero => (Years, Months, Days, Time) == (0, 0, 0, TimeSpan.Zero);

    /// <summary>That much later; null past the end of the calendar.</summary>
    public DateTimeOffset? After(DateTimeOffset time)
    {
        try
        {
            return time.AddYears(Years).AddMonths(Months).AddDays(Days) + Time;
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}

/// <summary>
/// The notations of Dapr's API for times: Go durations (<c>1h30m</c>), ISO 8601 with repetitions (<c>R5/PT1S</c>), RFC 3339.
/// </summary>
public static partial class TimeNotation
{
    /// <summary>A Go duration or an ISO 8601 period; throws <see cref="FormatException"/>.</summary>
    public static Period ParsePeriod(string text)
    {
        if (Iso().Match(text) is { Success: true } iso
            && text.Length > text.IndexOf('P', StringComparison.Ordinal) + 1
            && !text.EndsWith('T'))
        {
            var time = new TimeSpan(Part("h"), Part("mi"), Part("s"));
            return new Period(Part("y"), Part("mo"), Part("w") * 7 + Part("d"), time, iso.Groups["r"].Success ? Part("r") : null);
            int Part(string name) =>
                iso.Groups[name] is { Success: true } group
                    ? int.Parse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture)
                    : 0;
        }

        return new Period(0, 0, 0, ParseGo(text) ?? throw new FormatException($"unsupported duration format {text}"));
    }

    /// <summary>
    /// A point in time (RFC 3339) or a length of time after <paramref name="from"/>; throws <see cref="FormatException"/>.
    /// </summary>
    public static DateTimeOffset ParseTime(string text, DateTimeOffset from)
    {
        if (Rfc3339().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var point))
            return point;
        if (ParseGo(text) is { } length)
            return new Period(0, 0, 0, length).After(from) ?? throw Unsupported(text);
        if (!Iso().IsMatch(text))
            throw Unsupported(text);
        var period = ParsePeriod(text);
        return period.Repeats is null
            ? period.After(from) ?? throw Unsupported(text)
            : throw new FormatException("repetitions are not allowed");
    }

    /// <summary>The way Go prints a duration: <c>1h0m0s</c>, <c>1.5s</c>, <c>20ms</c>.</summary>
    public static string ToGo(TimeSpan length)
    {
        if (length == TimeSpan.Zero)
            return "0s";
        if (length < TimeSpan.Zero)
            return "-" + ToGo(-length);
        if (length < TimeSpan.FromMilliseconds(1))
            return Number(length.Ticks / (decimal)TimeSpan.TicksPerMicrosecond) + "µs";
        if (length < TimeSpan.FromSeconds(1))
            return Number(length.Ticks / (decimal)TimeSpan.TicksPerMillisecond) + "ms";
        var text = new StringBuilder();
        if (length >= TimeSpan.FromHours(1))
            text.Append((long)length.TotalHours).Append('h');
        if (length >= TimeSpan.FromMinutes(1))
            text.Append(length.Minutes).Append('m');
        return text.Append(Number((length.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond)).Append('s').ToString();
    }

    private static string Number(decimal number) => number.ToString("0.#######", CultureInfo.InvariantCulture);

    /// <summary>Null for what is no Go duration.</summary>
    private static TimeSpan? ParseGo(string text)
    {
        if (text == "0")
            return TimeSpan.Zero;
        if (GoParts().Match(text) is not { Success: true } match)
            return null;
        var ticks = 0m;
        for (var i = 0; i < match.Groups["n"].Captures.Count; i++)
        {
            // Twelve digits at most (see the pattern): no sum of parts leaves the range of decimal.
            var amount = decimal.Parse(
                match.Groups["n"].Captures[i].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            ticks += amount * match.Groups["u"].Captures[i].Value switch
            {
                "h" => TimeSpan.TicksPerHour,
                "m" => TimeSpan.TicksPerMinute,
                "s" => TimeSpan.TicksPerSecond,
                "ms" => TimeSpan.TicksPerMillisecond,
                "ns" => TimeSpan.TicksPerMicrosecond / 1000m,
                _ => TimeSpan.TicksPerMicrosecond,
            };
        }

        if (ticks > long.MaxValue)
            return null;
        return TimeSpan.FromTicks(match.Groups["sign"].Value == "-" ? -(long)ticks : (long)ticks);
    }

    private static FormatException Unsupported(string text) => new($"unsupported time/duration format: {text}");

    [GeneratedRegex(
        @"^(R(?<r>\d{1,9})/)?P((?<y>\d{1,4})Y)?((?<mo>\d{1,5})M)?((?<w>\d{1,6})W)?((?<d>\d{1,6})D)?"
        + @"(T((?<h>\d{1,6})H)?((?<mi>\d{1,8})M)?((?<s>\d{1,9})S)?)?\z")]
    private static partial Regex Iso();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\z")]
    private static partial Regex Rfc3339();

    [GeneratedRegex(@"^(?<sign>[+-])?((?<n>\d{1,12}(\.\d{0,12})?|\.\d{1,12})(?<u>h|ms|m|s|us|µs|ns))+\z", RegexOptions.ExplicitCapture)]
    private static partial Regex GoParts();
}
