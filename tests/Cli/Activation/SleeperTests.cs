using CsCheck;
using Samples.Cli.Activation;
using Xunit;

namespace Samples.Cli.Tests.Activation;

/// <summary>When a process is started and stopped, without one.</summary>
public sealed class SleeperTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);

    private readonly Clock _clock = new();

    [Fact]
    public async Task However_many_need_it_at_once_it_is_started_once_and_all_wait_until_it_is_ready()
    {
        var process = new FakeProcess();
        using var sleeper = new Sleeper(process, Idle, _clock);
        var visits = Enumerable.Range(0, 50).Select(_ => sleeper.EnterAsync(Checkout.Cancel)).ToList();
        Assert.All(visits, v => Assert.False(v.IsCompleted));
        process.Ready();
        await Task.WhenAll(visits);
        Assert.Equal((1, 1), (process.Started, sleeper.Starts));
    }

    [Fact]
    public async Task It_sleeps_after_the_time_and_never_under_a_visit()
    {
        var process = new FakeProcess();
        using var sleeper = new Sleeper(process, Idle, _clock);
        process.Ready();
        var visit = await sleeper.EnterAsync(Checkout.Cancel);
        _clock.Advance(Idle * 10);
        Assert.False(await sleeper.RestAsync());
        visit.Dispose();
        _clock.Advance(Idle / 2);
        Assert.False(await sleeper.RestAsync());
        _clock.Advance(Idle / 2);
        Assert.True(await sleeper.RestAsync());
        Assert.Equal(0, process.Id);
    }

    [Fact]
    public async Task Who_comes_while_it_is_being_stopped_waits_and_has_it_started_again()
    {
        var process = new FakeProcess { StopsWhen = new TaskCompletionSource() };
        using var sleeper = new Sleeper(process, Idle, _clock);
        process.Ready();
        (await sleeper.EnterAsync(Checkout.Cancel)).Dispose();
        _clock.Advance(Idle);
        var stopping = sleeper.RestAsync();
        var late = sleeper.EnterAsync(Checkout.Cancel);
        Assert.False(late.IsCompleted);
        process.StopsWhen.SetResult();
        Assert.True(await stopping);
        using var visit = await late;
        Assert.Equal((2, true), (process.Started, process.Id != 0));
    }

    [Fact]
    public async Task One_that_was_killed_is_not_taken_for_ready()
    {
        var process = new FakeProcess();
        using var sleeper = new Sleeper(process, Idle, _clock);
        process.Ready();
        (await sleeper.EnterAsync(Checkout.Cancel)).Dispose();
        process.Die();
        using var visit = await sleeper.EnterAsync(Checkout.Cancel);
        Assert.Equal(2, process.Started);
    }

    [Fact]
    public async Task Who_gives_up_keeps_nobody_awake()
    {
        var process = new FakeProcess();
        using var sleeper = new Sleeper(process, Idle, _clock);
        using var patience = new CancellationTokenSource();
        var waits = sleeper.EnterAsync(patience.Token);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        process.Ready();
        (await sleeper.EnterAsync(Checkout.Cancel)).Dispose();
        _clock.Advance(Idle);
        Assert.True(await sleeper.RestAsync());
    }

    [Fact]
    public Task Visits_and_rests_in_any_order_never_meet_a_process_that_is_gone() => Gen.Int[0, 3].Array[1, 60].SampleAsync(async steps =>
    {
        var process = new FakeProcess { Yields = true };
        using var sleeper = new Sleeper(process, TimeSpan.Zero, _clock);
        process.Ready();
        await Task.WhenAll(steps.Select(async step =>
        {
            await Task.Yield();
            if (step == 0)
            {
                await sleeper.RestAsync();
                return;
            }

            using var visit = await sleeper.EnterAsync(CancellationToken.None);
            var met = process.Id;
            for (var i = 0; i < step; i++)
            {
                await Task.Yield();
                Assert.True(met != 0 && process.Id == met, "It was stopped under a visit.");
            }
        }));
    }, iter: 300);

    private sealed class Clock : TimeProvider
    {
        private long _ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Volatile.Read(ref _ticks);

        public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
    }

    private sealed class FakeProcess : IProcess
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _id, _started;

        public int Id => Volatile.Read(ref _id);

        public int Started => _started;

        public bool Yields { get; init; }

        public TaskCompletionSource? StopsWhen { get; init; }

        public void Ready() => _ready.TrySetResult();

        public void Die() => Volatile.Write(ref _id, 0);

        public async Task StartAsync(CancellationToken cancel)
        {
            if (Id == 0)
                Volatile.Write(ref _id, Interlocked.Increment(ref _started));
            await _ready.Task.WaitAsync(cancel);
            if (Yields)
                await Task.Yield();
        }

        public async Task StopAsync()
        {
            if (StopsWhen is { } when)
                await when.Task;
            if (Yields)
                await Task.Yield();
            Die();
        }
    }
}
