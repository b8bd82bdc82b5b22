using Cronos;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>When something that comes back comes back.</summary>
public abstract class Recurrence
{
    private const string EveryPrefix = "@every ";

    /// <summary>The first time after <paramref name="time"/>; null where there is none.</summary>
    public abstract DateTimeOffset? Next(DateTimeOffset time);

    /// <summary>
    /// The first time after <paramref name="now"/> in the rhythm of <paramref name="last"/>: what was missed in between is skipped.
    /// </summary>
    public virtual DateTimeOffset? NextInRhythm(DateTimeOffset last, DateTimeOffset now)
    {
        var next = Next(last);
        while (next is { } at && at <= now)
            next = Next(at);
        return next;
    }

    /// <summary>A period between one time and the next; throws <see cref="FormatException"/> for none.</summary>
    public static Recurrence Every(Period period) =>
        period.IsZero || (period.Time < TimeSpan.Zero) ? throw new FormatException("the period is not above zero")
        : (period.Years, period.Months, period.Days) == (0, 0, 0) ? new Interval(period.Time)
        : new Calendar(period);

    /// <summary>
    /// A job's schedule as Dapr's scheduler reads it: six cron fields with seconds first, a name such as <c>@daily</c>, or
    /// <c>@every 1m30s</c>. Throws <see cref="FormatException"/>.
    /// </summary>
    public static Recurrence Parse(string schedule, TimeZoneInfo zone)
    {
        if (schedule.StartsWith(EveryPrefix, StringComparison.Ordinal))
        {
            var period = TimeNotation.ParsePeriod(schedule[EveryPrefix.Length..].Trim());
            return period.Repeats is null ? Every(period) : throw new FormatException($"failed to parse duration {schedule}");
        }

        var fields = schedule.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length != 6 && !schedule.StartsWith('@'))
            throw new FormatException($"expected exactly 6 fields, found {fields.Length}: [{string.Join(' ', fields)}]");
        return new Cron(CronExpression.Parse(schedule, CronFormat.IncludeSeconds), zone);
    }

    private sealed class Interval(TimeSpan length) : Recurrence
    {
        public override DateTimeOffset? Next(DateTimeOffset time) => new Period(0, 0, 0, length).After(time);

        // A minute's silence of a rhythm of milliseconds is one division, not thousands of steps.
        public override DateTimeOffset? NextInRhythm(DateTimeOffset last, DateTimeOffset now) =>
            now < last ? Next(last) : Next(last + length * ((now - last).Ticks / length.Ticks));
    }

    private sealed class Calendar(Period period) : Recurrence
    {
        public override DateTimeOffset? Next(DateTimeOffset time) => period.After(time);
    }

    private sealed class Cron(CronExpression expression, TimeZoneInfo zone) : Recurrence
    {
        public override DateTimeOffset? Next(DateTimeOffset time) => expression.GetNextOccurrence(time, zone);

        public override DateTimeOffset? NextInRhythm(DateTimeOffset last, DateTimeOffset now) => Next(now > last ? now : last);
    }
}
