using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Unit.Testing;

/// <summary>The clock alone.</summary>
public sealed class ClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TestClock _clock = new(Start);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Timers_ring_in_the_order_of_their_times_at_their_times()
    {
        var rung = new List<(string, TimeSpan)>();
        using var second = Timer("second", 2, rung);
        using var first = Timer("first", 1, rung);
        using var also = Timer("also second", 2, rung);
        using var late = Timer("late", 3.5, rung);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(3), Cancel);
        Assert.Equal([("first", Seconds(1)), ("second", Seconds(2)), ("also second", Seconds(2))], rung);
        Assert.Equal(Start + Seconds(3), _clock.GetUtcNow());
    }

    [Fact]
    public async Task A_timer_with_a_period_rings_each_time_and_one_that_was_changed_or_disposed_does_not()
    {
        var rung = new List<(string, TimeSpan)>();
        using var periodic = _clock.CreateTimer(_ => Ring("each", rung), null, Seconds(1), Seconds(2));
        var gone = Timer("gone", 1, rung);
        gone.Dispose();
        using var changed = Timer("changed", 1, rung);
        changed.Change(Seconds(4), Timeout.InfiniteTimeSpan);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(5), Cancel);
        Assert.Equal([("each", Seconds(1)), ("each", Seconds(3)), ("changed", Seconds(4)), ("each", Seconds(5))], rung);
    }

    [Fact]
    public async Task The_clock_stands_while_it_is_held()
    {
        var hold = (IDisposable?)null;
        using var work = _clock.CreateTimer(_ => hold = _clock.Hold(), null, Seconds(1), Timeout.InfiniteTimeSpan);
        var advance = _clock.AdvanceAsync(TimeSpan.FromSeconds(10), Cancel);
        while (Volatile.Read(ref hold) is null)
            await Task.Yield();
        Assert.Equal(Start + Seconds(1), _clock.GetUtcNow());
        Assert.False(advance.IsCompleted);
        hold!.Dispose();
        await advance;
        Assert.Equal(Start + Seconds(10), _clock.GetUtcNow());
    }

    [Fact]
    public async Task The_clock_loses_its_patience_with_work_that_waits_for_it()
    {
        var clock = new TestClock(Start) { Patience = TimeSpan.FromMilliseconds(1) };
        using var hold = clock.Hold();
        var work = Task.Delay(Seconds(5), clock, Cancel);
        await clock.AdvanceAsync(Seconds(5), Cancel);
        await work;
    }

    [Fact]
    public async Task Delays_and_limits_of_the_framework_heed_the_clock()
    {
        var delay = Task.Delay(TimeSpan.FromDays(1), _clock, Cancel);
        using var limit = new CancellationTokenSource(TimeSpan.FromHours(1), _clock);
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(59), Cancel);
        Assert.False(limit.IsCancellationRequested);
        await _clock.AdvanceAsync(TimeSpan.FromMinutes(1), Cancel);
        Assert.True(limit.IsCancellationRequested);
        Assert.False(delay.IsCompleted);
        await _clock.AdvanceToAsync(Start.AddDays(1), Cancel);
        await delay;
    }

    [Fact]
    public async Task A_timer_that_is_due_at_once_rings_without_anybody_moving_the_clock()
    {
        var rung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = _clock.CreateTimer(_ => rung.TrySetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        await rung.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    private ITimer Timer(string name, double seconds, List<(string, TimeSpan)> rung) =>
        _clock.CreateTimer(_ => Ring(name, rung), null, Seconds(seconds), Timeout.InfiniteTimeSpan);

    private void Ring(string name, List<(string, TimeSpan)> rung) => rung.Add((name, _clock.GetUtcNow() - Start));

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
