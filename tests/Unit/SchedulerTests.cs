using System.Threading.Channels;
using Dapr.Client.Autogen.Grpc.v1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.BuildingBlocks.Scheduling;
using Xunit;

namespace Samples.Unit;

public sealed class SchedulerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-scheduler-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly Channel<string> _fired = Channel.CreateUnbounded<string>();
    private Scheduler? _scheduler;
    private Outcome _outcome = Outcome.Done;

    [Fact]
    public async Task A_job_comes_at_its_time_as_often_as_asked()
    {
        await using var scheduler = await StartAsync();
        await AddAsync(scheduler, "j", new Job { DueTime = "10s", Schedule = "@every 1m", Repeats = 3 });
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(_fired.Reader.TryRead(out _));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("12:00:10 j", await NextAsync());
        for (var i = 1; i < 3; i++)
            Assert.Equal($"12:0{i}:10 j", await NextAsync(TimeSpan.FromMinutes(1)));
        await GoneAsync(scheduler, "j");
    }

    [Fact]
    public async Task A_time_to_live_ends_it()
    {
        await using var scheduler = await StartAsync();
        await AddAsync(scheduler, "j", new Job { Schedule = "@every 10s", Ttl = "15s" });
        Assert.Equal("12:00:10 j", await NextAsync(TimeSpan.FromSeconds(10)));
        await GoneAsync(scheduler, "j");
    }

    [Fact]
    public async Task A_failure_is_repeated_as_its_policy_says_then_the_next_time_comes()
    {
        await using var scheduler = await StartAsync();
        _outcome = Outcome.Failed;
        await AddAsync(scheduler, "j", new Job { DueTime = "1s", Schedule = "@every 1m" });
        Assert.Equal("12:00:01 j", await NextAsync(TimeSpan.FromSeconds(1)));
        for (var i = 2; i <= 4; i++)
            Assert.Equal($"12:00:0{i} j", await NextAsync(TimeSpan.FromSeconds(1)));
        Assert.Equal("12:01:01 j", await NextAsync(TimeSpan.FromSeconds(57)));
    }

    [Fact]
    public async Task What_nobody_takes_stays_due_and_is_taken_at_once_when_somebody_comes()
    {
        await using var scheduler = await StartAsync();
        _outcome = Outcome.Undeliverable;
        await AddAsync(scheduler, "j", new Job { DueTime = "1s" });
        await NextAsync(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 5; i++)
            await NextAsync(TimeSpan.FromSeconds(1));
        while (scheduler.Find(Key("j"))!.QueuedFor is null)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        _outcome = Outcome.Done;
        // Without the second's pause: the clock stands still.
        scheduler.Wake();
        await NextAsync();
        await GoneAsync(scheduler, "j");
    }

    [Fact]
    public async Task A_second_of_the_same_name_takes_the_place_of_the_first_only_where_it_may()
    {
        await using var scheduler = await StartAsync();
        await AddAsync(scheduler, "j", new Job { DueTime = "10s" });
        Assert.False(
            await scheduler.AddAsync(Create("j", new Job { DueTime = "1s" }), overwrite: false, TestContext.Current.CancellationToken));
        await AddAsync(scheduler, "j", new Job { DueTime = "20s" });
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.False(_fired.Reader.TryRead(out _));
        Assert.Equal("12:00:20 j", await NextAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task What_was_missed_comes_once_and_late_and_the_rhythm_goes_on()
    {
        await using (var first = await StartAsync())
        {
            await AddAsync(first, "often", new Job { Schedule = "@every 1m", Repeats = 5 });
            await AddAsync(first, "once", new Job { DueTime = "1m" });
            await AddAsync(first, "dead", new Job { DueTime = "1m", Schedule = "@every 1h", Ttl = "2m" });
        }

        _time.Advance(TimeSpan.FromMinutes(3.5));
        await using var second = await StartAsync();
        Assert.Equal(["12:03:30 often", "12:03:30 once"], new[] { await NextAsync(), await NextAsync() }.Order());
        await GoneAsync(second, "once");
        await GoneAsync(second, "dead");
        Assert.Equal("12:04:00 often", await NextAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_time_to_live_counts_from_the_due_time()
    {
        await using var scheduler = await StartAsync();
        await AddAsync(scheduler, "late", new Job { DueTime = "10s", Schedule = "@every 1h", Ttl = "5s" });
        await AddAsync(scheduler, "again", new Job { DueTime = "10s", Schedule = "@every 3s", Ttl = "4s" });
        Assert.Equal(["12:00:10 again", "12:00:10 late"], new[] { await NextAsync(TimeSpan.FromSeconds(10)), await NextAsync() }.Order());
        Assert.Equal("12:00:13 again", await NextAsync(TimeSpan.FromSeconds(3)));
        await GoneAsync(scheduler, "again");
    }

    [Theory]
    [InlineData("", "", "", "job must have either a due time or a schedule")]
    [InlineData("banana", "", "", "unsupported time/duration format: banana")]
    [InlineData("2s", "@every 1s", "2000-01-01T00:00:00Z", "ttl must be greater than due time")]
    [InlineData("2s", "", "5s", "job must have a schedule to have a ttl")]
    [InlineData("", "0 0 0 30 2 *", "", "the schedule '0 0 0 30 2 *' never comes due")]
    public void What_can_never_come_is_refused(string due, string schedule, string ttl, string why)
    {
        var job = new Job();
        if (due.Length > 0)
            job.DueTime = due;
        if (schedule.Length > 0)
            job.Schedule = schedule;
        if (ttl.Length > 0)
            job.Ttl = ttl;
        var error = Assert.Throws<FormatException>(() => Create("j", job));
        Assert.StartsWith(why, error.Message, StringComparison.Ordinal);
    }

    private async Task<Scheduler> StartAsync()
    {
        var book = new SqliteAppointmentBook(Path.Combine(_folder, "scheduler.db"), TimeZoneInfo.Utc);
        var scheduler = new Scheduler(book, (due, _) =>
        {
            _fired.Writer.TryWrite($"{_time.GetUtcNow():HH:mm:ss} {((JobAppointment)due).Target.Name}");
            return Task.FromResult(_outcome);
        }, _time, NullLogger.Instance);
        await scheduler.StartAsync(TestContext.Current.CancellationToken);
        return _scheduler = scheduler;
    }

    private Task<bool> AddAsync(Scheduler scheduler, string name, Job job) =>
        scheduler.AddAsync(Create(name, job), overwrite: true, TestContext.Current.CancellationToken);

    private JobAppointment Create(string name, Job job) =>
        JobAppointment.Create(new JobTarget("app1", null, name), job, _time.GetUtcNow(), TimeZoneInfo.Utc);

    private static string Key(string name) => new JobTarget("app1", null, name).Key;

    private async Task<string> NextAsync(TimeSpan? after = null)
    {
        if (after is { } time)
        {
            // What came before is crossed off and queued anew on another thread: the clock must not run ahead of it.
            while (_scheduler!.List("").Any(a => a.QueuedFor is null))
                await Task.Delay(5, TestContext.Current.CancellationToken);
            _time.Advance(time);
        }

        return await _fired.Reader
            .ReadAsync(TestContext.Current.CancellationToken)
            .AsTask()
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    private static async Task GoneAsync(Scheduler scheduler, string name)
    {
        for (var patience = 0; scheduler.Find(Key(name)) is not null; patience++)
        {
            Assert.True(patience < 1000, $"{name} is still there");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
