using CsCheck;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Xunit;

namespace Samples.Unit;

public sealed class ScheduleTests
{
    private static readonly Gen<string> Texts =
        Gen.Char["0123456789PTRYMDWHS/.-+:Zhmsnuµ @every"].Array[0, 24].Select(c => new string(c));

    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("1h30m", 0, 0, 0, "01:30:00", null)]
    [InlineData("0h0m1s500ms", 0, 0, 0, "00:00:01.5", null)]
    [InlineData("0s", 0, 0, 0, "00:00:00", null)]
    [InlineData("1.5s", 0, 0, 0, "00:00:01.5", null)]
    [InlineData("-1ms", 0, 0, 0, "-00:00:00.001", null)]
    [InlineData("10µs", 0, 0, 0, "00:00:00.00001", null)]
    [InlineData("R5/PT1S", 0, 0, 0, "00:00:01", 5)]
    [InlineData("P1Y2M3DT4H5M6S", 1, 2, 3, "04:05:06", null)]
    [InlineData("P2W", 0, 0, 14, "00:00:00", null)]
    [InlineData("R0/PT1S", 0, 0, 0, "00:00:01", 0)]
    public void Periods_are_read(string text, int years, int months, int days, string time, int? repeats) =>
        Assert.Equal(new Period(years, months, days, TimeSpan.Parse(time), repeats), TimeNotation.ParsePeriod(text));

    [Theory]
    [InlineData("")]
    [InlineData("banana")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("1")]
    [InlineData("1h banana")]
    [InlineData("R/PT1S")]
    [InlineData("99999999999999999999h")]
    [InlineData("999999999999h")]
    [InlineData("PT99999999999S")]
    public void What_is_no_period_is_refused(string text) => Assert.Throws<FormatException>(() => TimeNotation.ParsePeriod(text));

    [Theory]
    [InlineData("2026-03-01T13:00:00Z", "2026-03-01T13:00:00Z")]
    [InlineData("2026-03-01T13:00:00.5+01:00", "2026-03-01T12:00:00.5Z")]
    [InlineData("1h", "2026-03-01T13:00:00Z")]
    [InlineData("P1M", "2026-04-01T12:00:00Z")]
    public void Times_are_points_or_lengths(string text, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected), TimeNotation.ParseTime(text, Noon));

    [Theory]
    [InlineData("R2/PT1S")]
    [InlineData("2026-13-01T13:00:00Z")]
    [InlineData("yesterday")]
    [InlineData("P9999Y")]
    public void What_is_no_time_is_refused(string text) => Assert.Throws<FormatException>(() => TimeNotation.ParseTime(text, Noon));

    [Fact]
    public void A_duration_in_gos_notation_reads_as_it_was_written() => Gen.Long[0, TimeSpan.TicksPerDay * 400].Sample(ticks =>
        TimeNotation.ParsePeriod(TimeNotation.ToGo(TimeSpan.FromTicks(ticks))) == new Period(0, 0, 0, TimeSpan.FromTicks(ticks)));

    [Fact]
    public void No_text_breaks_the_readers() => Texts.Sample(text =>
    {
        Action[] reads =
        [
            () => TimeNotation.ParsePeriod(text),
            () => TimeNotation.ParseTime(text, Noon),
            () => Recurrence.Parse(text, TimeZoneInfo.Utc),
        ];
        foreach (var read in reads)
        {
            try
            {
                read();
            }
            catch (FormatException)
            {
                // The one way to refuse.
            }
        }
    });

    [Theory]
    [InlineData("@every 1m30s", "2026-03-01T12:01:30Z")]
    [InlineData("@every 500ms", "2026-03-01T12:00:00.5Z")]
    [InlineData("@daily", "2026-03-02T00:00:00Z")]
    [InlineData("@hourly", "2026-03-01T13:00:00Z")]
    [InlineData("0 30 9 * * *", "2026-03-02T09:30:00Z")]
    [InlineData("*/15 * * * * *", "2026-03-01T12:00:15Z")]
    [InlineData("0 0 0 1 jan *", "2027-01-01T00:00:00Z")]
    public void Schedules_come_due(string schedule, string first) =>
        Assert.Equal(DateTimeOffset.Parse(first), Recurrence.Parse(schedule, TimeZoneInfo.Utc).Next(Noon));

    [Theory]
    [InlineData("banana", "expected exactly 6 fields, found 1: [banana]")]
    [InlineData("* * * * *", "expected exactly 6 fields, found 5: [* * * * *]")]
    [InlineData("@every banana", null)]
    [InlineData("@every 0s", null)]
    [InlineData("@every -1s", null)]
    [InlineData("@never", null)]
    [InlineData("61 * * * * *", null)]
    public void What_is_no_schedule_is_refused(string schedule, string? why)
    {
        var error = Assert.ThrowsAny<FormatException>(() => Recurrence.Parse(schedule, TimeZoneInfo.Utc));
        if (why is not null)
            Assert.Equal(why, error.Message);
    }

    [Fact]
    public void The_rhythm_goes_on_after_a_silence() =>
        Gen.Select(Gen.Long[1, TimeSpan.TicksPerHour], Gen.Long[0, TimeSpan.TicksPerDay]).Sample((length, silence) =>
        {
            var every = Recurrence.Every(new Period(0, 0, 0, TimeSpan.FromTicks(length)));
            var now = Noon + TimeSpan.FromTicks(silence);
            var next = every.NextInRhythm(Noon, now)!.Value;
            return next > now && next - now <= TimeSpan.FromTicks(length) && (next - Noon).Ticks % length == 0;
        });
}
