using Cronos;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Cron;

/// <summary>When a schedule comes due: five or six cron fields, a name such as <c>@daily</c>, or <c>@every 1m30s</c>.</summary>
public sealed class CronSchedule
{
    private const string Every = "@every ";
    private readonly CronExpression? _cron;
    private readonly TimeSpan _interval;

    private CronSchedule(CronExpression? cron, TimeSpan interval) => (_cron, _interval) = (cron, interval);

    /// <summary>Throws <see cref="FormatException"/> with the reason.</summary>
    public static CronSchedule Parse(string text)
    {
        text = text.Trim();
        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            var interval = GoDuration.Parse(text[Every.Length..].Trim());
            // Finer than a second would be a busy loop by mistake; cron in Dapr rounds up as well.
            return new CronSchedule(null, TimeSpan.FromSeconds(Math.Max(1, Math.Floor(interval.TotalSeconds))));
        }

        var sixFields = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6;
        return new CronSchedule(CronExpression.Parse(text, sixFields ? CronFormat.IncludeSeconds : CronFormat.Standard), default);
    }

    /// <summary>The first time after <paramref name="time"/>; null where there is none.</summary>
    public DateTimeOffset? Next(DateTimeOffset time, TimeZoneInfo zone) =>
        _cron is null ? time + _interval : _cron.GetNextOccurrence(time, zone);
}
