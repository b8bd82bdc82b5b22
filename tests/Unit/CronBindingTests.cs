using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Cron;
using Xunit;

namespace Samples.Unit;

public sealed class CronBindingTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 23, 58, 30, TimeSpan.Zero);

    [Theory]
    [InlineData("@every 1s", "2026-01-31 23:58:31")]
    [InlineData("@every 1h30m", "2026-02-01 01:28:30")]
    [InlineData("@every 200ms", "2026-01-31 23:58:31")]
    [InlineData("@daily", "2026-02-01 00:00:00")]
    [InlineData("@hourly", "2026-02-01 00:00:00")]
    [InlineData("*/15 * * * *", "2026-02-01 00:00:00")]
    [InlineData("40 58 * * * *", "2026-01-31 23:58:40")]
    public void A_schedule_names_its_next_time(string schedule, string next) =>
        Assert.Equal(DateTimeOffset.Parse(next + "Z"), CronSchedule.Parse(schedule).Next(Start, TimeZoneInfo.Utc));

    [Theory]
    // In spring half past two is not there: it comes due at the leap. In autumn it is there twice, and comes due once.
    [InlineData("0 30 2 * * *", "2026-03-29 00:00:00", "2026-03-29 01:00:00")]
    [InlineData("0 30 2 * * *", "2026-10-25 00:29:00", "2026-10-25 00:30:00")]
    [InlineData("0 30 2 * * *", "2026-10-25 00:30:00", "2026-10-26 01:30:00")]
    // An interval knows nothing of it.
    [InlineData("@every 1h", "2026-03-29 00:30:00", "2026-03-29 01:30:00")]
    [InlineData("@every 1h", "2026-10-25 00:30:00", "2026-10-25 01:30:00")]
    public void Summer_time_comes_and_goes(string schedule, string from, string next) => Assert.Equal(
        DateTimeOffset.Parse(next + "Z"),
        CronSchedule.Parse(schedule).Next(DateTimeOffset.Parse(from + "Z"), TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")));

    [Theory,
        InlineData("often"),
        InlineData("@every"),
        InlineData("@every x"),
        InlineData("@every 0s"),
        InlineData("@every 5"),
        InlineData("61 * * * *")]
    public void A_wrong_schedule_is_refused(string schedule) => Assert.ThrowsAny<FormatException>(() => CronSchedule.Parse(schedule));

    [Fact(Timeout = 10_000)]
    public async Task Ticks_come_with_the_clock_survive_a_failure_and_end_with_disposal()
    {
        var time = new FakeTimeProvider(Start);
        var ticks = Channel.CreateUnbounded<DateTimeOffset>();
        await using var binding = new CronBinding(CronSchedule.Parse("@every 10s"), time, NullLogger.Instance);
        var running = await binding.StartAsync("app", (_, _) =>
        {
            ticks.Writer.TryWrite(time.GetUtcNow());
            throw new HttpRequestException("the application failed");
        }, Cancel);
        Assert.Equal(Start.AddSeconds(10), await NextAsync());
        Assert.Equal(Start.AddSeconds(20), await NextAsync());
        await running.DisposeAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(ticks.Reader.TryRead(out _));

        async Task<DateTimeOffset> NextAsync()
        {
            // The binding sets its timer after the failure was logged, on its own thread: a second at a time until it has.
            while (!ticks.Reader.TryPeek(out _))
            {
                var due = Start.AddSeconds(Math.Ceiling(((time.GetUtcNow() - Start).TotalSeconds + 0.001) / 10) * 10);
                if (time.GetUtcNow() + TimeSpan.FromSeconds(1) <= due)
                    time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }

            return await ticks.Reader.ReadAsync(Cancel);
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
