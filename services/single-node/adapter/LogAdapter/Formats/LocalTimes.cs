using System.Globalization;

namespace Samples.LogAdapter.Formats;

/// <summary>
/// Instants of a log whose times have no zone. In the hour that comes twice in autumn, a time is of the first pass until the clock goes
/// back; one that the spring leaves out is read as if the clock had not been changed yet.
/// </summary>
internal sealed class LocalTimes(TimeZoneInfo zone)
{
    // Two writers of one log may be apart by a little.
    private static readonly TimeSpan Disorder = TimeSpan.FromSeconds(5);

    private DateTimeOffset _last = DateTimeOffset.UnixEpoch;

    /// <summary>Null when the text is no time. A zone that stands in the line wins.</summary>
    public DateTimeOffset? Parse(string text, string ownZone = "")
    {
        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault, out var local) || local.Year < 2)
            return null;
        local = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (ownZone.Length > 0)
        {
            var whole = $"{local:yyyy-MM-ddTHH:mm:ss.fffffff}{ownZone}";
            return DateTimeOffset.TryParse(whole, CultureInfo.InvariantCulture, DateTimeStyles.None, out var zoned) ? zoned : null;
        }
        return _last = InstantOf(local);
    }

    private DateTimeOffset InstantOf(DateTime local)
    {
        if (zone.IsInvalidTime(local))
            return new DateTimeOffset(local, zone.GetUtcOffset(local.AddHours(-3)));
        if (!zone.IsAmbiguousTime(local))
            return new DateTimeOffset(local, zone.GetUtcOffset(local));
        // The larger offset is the earlier instant.
        var passes = zone.GetAmbiguousTimeOffsets(local).OrderDescending().Select(offset => new DateTimeOffset(local, offset)).ToList();
        return passes.FirstOrDefault(p => p >= _last - Disorder, passes[^1]);
    }
}
