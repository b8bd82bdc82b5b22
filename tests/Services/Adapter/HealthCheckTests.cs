using Microsoft.Extensions.Time.Testing;
using Samples.HealthAdapter;
using Samples.HealthAdapter.Probes;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>When a database is called unhealthy, and what is done to one that is stuck: nothing more.</summary>
public sealed class HealthCheckTests
{
    private static readonly CheckLimits Limits = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), Failures: 3, Successes: 2);
    private readonly FakeTimeProvider _time = new();
    private readonly ScriptedProbe _probe = new();
    private readonly Check _check;

    public HealthCheckTests() => _check = new Check("shop", _probe, Limits, _time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task N_failures_in_a_row_before_it_turns_and_so_many_answers_before_it_turns_back()
    {
        Assert.Null(_check.View.Healthy);
        var told = new List<bool?>();
        foreach (var answers in "+--+---+-++")
        {
            _probe.Next = answers == '+' ? Task.CompletedTask : Task.FromException(new IOException("gone\nat a.stack"));
            await _check.RunOnceAsync(Cancel);
            told.Add(_check.View.Healthy);
        }

        Assert.Equal([true, true, true, true, true, true, false, false, false, false, true], told);
    }

    [Fact]
    public async Task The_first_answer_decides_alone()
    {
        _probe.Next = Task.FromException(new IOException("gone\nat a.stack"));
        await _check.RunOnceAsync(Cancel);
        Assert.False(_check.View.Healthy);
        Assert.Equal("gone", _check.View.Problem);
    }

    [Fact]
    public async Task A_query_that_hangs_is_unhealthy_at_the_limit_with_one_probe_at_most_under_way()
    {
        await _check.RunOnceAsync(Cancel);
        // It does not heed that it was cancelled.
        var stuck = new TaskCompletionSource();
        _probe.Next = stuck.Task;
        var run = _check.RunOnceAsync(Cancel);
        await _probe.Begun(2);
        _time.Advance(Limits.Timeout - TimeSpan.FromMilliseconds(1));
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await run;
        Assert.True(_probe.IsCancelled);
        Assert.Equal((1, "It did not answer within 1 s."), (_check.View.FailuresInARow, _check.View.Problem));

        for (var i = 0; i < 5; i++)
            await _check.RunOnceAsync(Cancel);
        Assert.Equal((false, 6, 1, 2L), (_check.View.Healthy, _check.View.FailuresInARow, _check.View.UnderWay, _check.View.Asked));
        Assert.Equal(2, _probe.Asked);

        // It ends at last, and the next one is a new one.
        stuck.SetException(new IOException("too late"));
        _probe.Next = Task.CompletedTask;
        await AwaitIdleAsync();
        await _check.RunOnceAsync(Cancel);
        await _check.RunOnceAsync(Cancel);
        Assert.Equal((true, 0, 4), (_check.View.Healthy, _check.View.UnderWay, _probe.Asked));
    }

    private async Task AwaitIdleAsync()
    {
        while (_check.View.UnderWay > 0)
            await Task.Yield();
    }

    private sealed class ScriptedProbe : IProbe
    {
        public Task Next { get; set; } = Task.CompletedTask;

        public int Asked { get; private set; }

        public bool IsCancelled { get; private set; }

        public Task AskAsync(CancellationToken cancel)
        {
            cancel.Register(() => IsCancelled = true);
            Asked++;
            return Next;
        }

        public async Task Begun(int times)
        {
            while (Asked < times)
                await Task.Yield();
        }
    }
}
