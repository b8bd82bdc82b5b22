using Microsoft.Extensions.Time.Testing;
using Samples.SearchRoot;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class HedgedQuestionTests
{
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(50), Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly RootOptions _options = new() { Leaves = [["a", "b"]], Partitions = 1, FirstHedge = Late };
    private readonly Dictionary<string, TaskCompletionSource<string>> _replies = [];
    private readonly List<string> _asked = [], _cancelled = [];
    private readonly LeafGroup _leaf;
    private readonly HedgeBudget _budget;

    public HedgedQuestionTests() => (_leaf, _budget) = (new LeafGroup(1, ["a", "b"], _options, _time), new HedgeBudget(_options, _time));

    [Fact(Timeout = 10_000)]
    public async Task One_replica_that_is_in_time_is_asked_alone()
    {
        var question = Ask(TestContext.Current.CancellationToken);
        _time.Advance(Late - Moment);
        _replies["a"].SetResult("from a");
        var reply = await question;
        Assert.Equal(("from a", "a", false), (reply.Answer, reply.Replica, reply.Hedged));
        Assert.Equal(["a"], _asked);
    }

    [Fact(Timeout = 10_000)]
    public async Task When_it_is_late_the_other_replica_is_asked_and_the_loser_cancelled()
    {
        var question = Ask(TestContext.Current.CancellationToken);
        _time.Advance(Late);
        await AskedAsync("b");
        _replies["b"].SetResult("from b");
        var reply = await question;
        Assert.Equal(("from b", "b", true), (reply.Answer, reply.Replica, reply.Hedged));
        Assert.Equal(["a"], _cancelled);
    }

    [Fact(Timeout = 10_000)]
    public async Task The_first_may_still_win_after_the_hedge()
    {
        var question = Ask(TestContext.Current.CancellationToken);
        _time.Advance(Late);
        await AskedAsync("b");
        _replies["a"].SetResult("from a");
        Assert.Equal("a", (await question).Replica);
        Assert.Equal(["b"], _cancelled);
        Assert.Empty(_leaf.Outliers);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_replica_that_fails_is_replaced_at_once_even_without_hedging()
    {
        var question = Ask(TestContext.Current.CancellationToken, hedging: false);
        _replies["a"].SetException(new HttpRequestException("refused"));
        await AskedAsync("b");
        _replies["b"].SetResult("from b");
        var reply = await question;
        Assert.Equal(("b", false), (reply.Replica, reply.Hedged));
    }

    [Fact(Timeout = 10_000)]
    public async Task When_all_fail_there_is_no_answer_before_the_deadline()
    {
        var question = Ask(TestContext.Current.CancellationToken);
        _replies["a"].SetException(new HttpRequestException("refused"));
        await AskedAsync("b");
        _replies["b"].SetException(new HttpRequestException("refused"));
        Assert.Null((await question).Answer);
    }

    [Fact(Timeout = 10_000)]
    public async Task Without_hedging_nobody_else_is_asked_and_the_deadline_ends_it()
    {
        using var deadline = new CancellationTokenSource(Late * 10, _time);
        var question = Ask(deadline.Token, hedging: false);
        _time.Advance(Late * 9);
        _time.Advance(Late);
        var reply = await question.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((null, null), (reply.Answer, reply.Replica));
        Assert.Equal(["a"], _asked);
        Assert.Equal(["a"], _cancelled);
    }

    [Fact(Timeout = 10_000)]
    public async Task Both_silent_until_the_deadline_is_no_answer()
    {
        using var deadline = new CancellationTokenSource(Late * 10, _time);
        var question = Ask(deadline.Token);
        _time.Advance(Late);
        await AskedAsync("b");
        _time.Advance(Late * 9);
        Assert.Null((await question.WaitAsync(TestContext.Current.CancellationToken)).Answer);
        Assert.Equal(["a", "b"], _cancelled.Order());
        // Nobody was faster: nobody is known to be slow.
        Assert.Empty(_leaf.Outliers);
    }

    [Fact(Timeout = 10_000)]
    public async Task An_empty_budget_hedges_nothing_at_first()
    {
        while (_budget.TrySpend())
        {
            // Somebody else's hedges.
        }

        var question = Ask(TestContext.Current.CancellationToken);
        _time.Advance(Late);
        _replies["a"].SetResult("from a");
        Assert.False((await question).Hedged);
        Assert.Equal(["a"], _asked);
    }

    [Fact(Timeout = 10_000)]
    public async Task Where_the_budget_is_empty_and_the_replica_frozen_the_hedge_comes_a_little_later_not_never()
    {
        while (_budget.TrySpend())
        {
            // Somebody else's hedges.
        }

        var question = Ask(TestContext.Current.CancellationToken);
        // Nobody else asks anything meanwhile: it is time alone that fills the budget.
        var asked = AskedAsync("b");
        while (!asked.IsCompleted)
        {
            _time.Advance(Late);
            await Task.Yield();
        }

        _replies["b"].SetResult("from b");
        var reply = await question;
        Assert.Equal(("b", true), (reply.Replica, reply.Hedged));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_replica_overtaken_three_times_is_an_outlier()
    {
        for (var i = 0; i < 3; i++)
        {
            _replies.Clear();
            var question = Ask(TestContext.Current.CancellationToken);
            // Turns: every second question begins with b, which answers in time.
            if (_asked[^1] == "b")
            {
                _replies["b"].SetResult("from b");
                await question;
                i--;
                continue;
            }

            _time.Advance(Late);
            await AskedAsync("b");
            _replies["b"].SetResult("from b");
            await question;
        }

        Assert.Equal(["a"], _leaf.Outliers);
    }

    private Task<LeafReply<string>> Ask(CancellationToken deadline, bool hedging = true) =>
        new HedgedQuestion<string>(_leaf, SendAsync, new LatencyWindow(_options), _budget, hedging, _time).AskAsync(deadline);

    private Task<string> SendAsync(string replica, CancellationToken cancel)
    {
        var reply = new TaskCompletionSource<string>();
        lock (_replies)
        {
            _asked.Add(replica);
            _replies[replica] = reply;
            Monitor.PulseAll(_replies);
        }

        cancel.Register(() =>
        {
            if (reply.TrySetCanceled(cancel))
            {
                lock (_cancelled)
                    _cancelled.Add(replica);
            }
        });
        return reply.Task;
    }

    private Task AskedAsync(string replica) => Task.Run(() =>
    {
        lock (_replies)
        {
            while (!_replies.ContainsKey(replica))
                Monitor.Wait(_replies);
        }
    });
}
