using Samples.Runtime.Clocks;

namespace Samples.Runtime.Testing;

/// <summary>
/// A clock that stands until a test moves it. Time goes on in the steps in which something comes due, and what came due is done before
/// the next step: when <see cref="AdvanceAsync"/> completes, every reminder, job, cron tick and redelivery of that time has been
/// delivered, each at its own moment.
/// </summary>
public sealed class TestClock : TimeProvider, IMovedClock
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Setting, (long Due, long Order)> _timers = new();
    private Task _moves = Task.CompletedTask;
    private TaskCompletionSource _settled = new();
    private DateTimeOffset _now;
    private long _order;
    private int _holds;

    /// <summary>
    /// A clock that stands at <paramref name="start"/>; where it is null at the time that it is, so that an application that reads the
    /// system's clock agrees with it.
    /// </summary>
    public TestClock(DateTimeOffset? start = null)
    {
        _now = (start ?? DateTimeOffset.UtcNow).ToUniversalTime();
        _settled.SetResult();
    }

    /// <summary>
    /// How long, in real time, the clock stands for what came due before it goes on all the same: a delivery may itself wait for this
    /// clock.
    /// </summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <summary>Moves the clock, and completes when what came due until then was done.</summary>
    public Task AdvanceAsync(TimeSpan by, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_gate)
            return _moves = MoveAsync(_moves, by, cancel);
    }

    /// <summary>Moves the clock to a moment; one that has passed is refused.</summary>
    public Task AdvanceToAsync(DateTimeOffset moment, CancellationToken cancel = default) => AdvanceAsync(moment - GetUtcNow(), cancel);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <inheritdoc/>
    public IDisposable Hold()
    {
        lock (_gate)
        {
            if (_holds++ == 0)
                _settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Held(this);
    }

    private async Task MoveAsync(Task before, TimeSpan by, CancellationToken cancel)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Not in the context of a test framework, which runs one thing at a time.
        await Task.Run(() => StepAsync(GetUtcNow() + by, cancel), cancel);
    }

    private async Task StepAsync(DateTimeOffset target, CancellationToken cancel)
    {
        await SettleAsync(cancel);
        while (TakeDue(target) is { } due)
        {
            due.Timer.Ring(due);
            await SettleAsync(cancel);
        }

        lock (_gate)
            _now = target;
    }

    private async ValueTask SettleAsync(CancellationToken cancel)
    {
        var settled = Volatile.Read(ref _settled).Task;
        if (!settled.IsCompleted)
            await Task.WhenAny(settled, Task.Delay(Patience, cancel));
        cancel.ThrowIfCancellationRequested();
    }

    // The next timer until then; the clock stands at its time.
    private Setting? TakeDue(DateTimeOffset target)
    {
        lock (_gate)
        {
            while (_timers.TryPeek(out var next, out var at) && at.Due <= target.UtcTicks)
            {
                _timers.Dequeue();
                if (next.Timer.Current != next)
                    continue;
                if (at.Due > _now.UtcTicks)
                    _now = new DateTimeOffset(at.Due, TimeSpan.Zero);
                return next;
            }

            return null;
        }
    }

    private void Release()
    {
        lock (_gate)
        {
            if (--_holds == 0)
                _settled.TrySetResult();
        }
    }

    private sealed class Held(TestClock clock) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                clock.Release();
        }
    }

    // What a timer was set to last; an earlier setting is void.
    private sealed class Setting(Timer timer, long period)
    {
        public Timer Timer => timer;

        public long Period => period;
    }

    private sealed class Timer(TestClock clock, TimerCallback callback, object? state) : ITimer
    {
        public Setting? Current { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate)
            {
                if (dueTime == Timeout.InfiniteTimeSpan)
                    Current = null;
                else
                    Set(clock._now.UtcTicks + dueTime.Ticks, Math.Max(0, period.Ticks));
            }

            // As a system's timer, it does not ring within the call that sets it.
            if (dueTime == TimeSpan.Zero)
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.RingAtOnce(), this, preferLocal: false);
            return true;
        }

        public void Ring(Setting setting)
        {
            lock (clock._gate)
            {
                if (Current != setting)
                    return;
                Current = null;
                if (setting.Period > 0)
                    Set(clock._now.UtcTicks + setting.Period, setting.Period);
            }

            callback(state);
        }

        private void RingAtOnce()
        {
            Setting? setting;
            lock (clock._gate)
                setting = Current;
            if (setting is not null)
                Ring(setting);
        }

        private void Set(long due, long period)
        {
            Current = new Setting(this, period);
            clock._timers.Enqueue(Current, (due, clock._order++));
        }

        public void Dispose()
        {
            lock (clock._gate)
                Current = null;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
