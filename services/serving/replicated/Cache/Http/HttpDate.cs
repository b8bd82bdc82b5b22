using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Samples.Cache.Http;

/// <summary>
/// Dates as HTTP writes them (RFC 9110, 5.6.7): one form is written, three are read. The name of the day is skipped: it says nothing that
/// the date does not say, and some get it wrong.
/// </summary>
public static class HttpDate
{
    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
    private const int Ahead = 50;

    /// <summary>Null where the value cannot be read, or is more than one.</summary>
    /// <param name="value">The field.</param>
    /// <param name="now">Two digits of a year are the century that brings it at most 50 years ahead of this.</param>
    public static DateTimeOffset? Read(StringValues value, DateTimeOffset now)
    {
        if (value is not [{ } text])
            return null;
        // Thu, 18 Aug 2050 02:01:18 GMT: what nearly everybody writes, and the fastest to read.
        if (DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, Utc, out var date))
            return date;
        var comma = text.IndexOf(',');
        var rest = comma < 0 ? text[(text.IndexOf(' ') + 1)..] : text[(comma + 1)..].TrimStart(' ');
        if (comma < 0)
            return Exact(rest.Replace("  ", " ", StringComparison.Ordinal), "MMM d HH:mm:ss yyyy", CultureInfo.InvariantCulture);
        if (!rest.EndsWith(" GMT", StringComparison.OrdinalIgnoreCase))
            return null;
        return Exact(rest[..^4], "dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)
            ?? Exact(rest[..^4], "dd-MMM-yy HH:mm:ss", CenturiesAround(now));
    }

    private static DateTimeOffset? Exact(string text, string format, IFormatProvider names) =>
        DateTimeOffset.TryParseExact(text, format, names, Utc, out var date) ? date : null;

    private static DateTimeFormatInfo CenturiesAround(DateTimeOffset now)
    {
        var format = (DateTimeFormatInfo)CultureInfo.InvariantCulture.DateTimeFormat.Clone();
        format.Calendar = new GregorianCalendar { TwoDigitYearMax = now.Year + Ahead };
        return format;
    }
}
