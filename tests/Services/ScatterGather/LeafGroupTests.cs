using Microsoft.Extensions.Time.Testing;
using Samples.SearchRoot;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class LeafGroupTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly RootOptions _options = new()
    {
        Leaves = [["a", "b"]],
        Partitions = 1,
        OutlierMisses = 3,
        OutlierPause = TimeSpan.FromSeconds(1),
        LongestPause = TimeSpan.FromSeconds(3),
    };
    private readonly LeafGroup _leaf;

    public LeafGroupTests() => _leaf = new LeafGroup(1, ["a", "b"], _options, _time);

    [Fact]
    public void Replicas_take_turns() => Assert.Equal(["a", "b", "a", "b"], Enumerable.Range(0, 4).Select(_ => _leaf.InOrder()[0]));

    [Fact]
    public void Three_misses_in_a_row_make_an_outlier_that_is_asked_last()
    {
        Miss(2);
        _leaf.Answered("a");
        Miss(2);
        Assert.Empty(_leaf.Outliers);
        Miss(1);
        Assert.Equal(["a"], _leaf.Outliers);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal(["b", "a"], _leaf.InOrder()));
    }

    [Fact]
    public void Who_does_not_hedge_avoids_nobody()
    {
        Miss(3);
        Assert.Equal(["a", "b"], Enumerable.Range(0, 2).Select(_ => _leaf.InOrder(avoidOutliers: false)[0]).Order());
    }

    [Fact]
    public void After_its_pause_one_request_tries_it_and_an_answer_brings_it_back()
    {
        Miss(3);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("a", _leaf.InOrder()[0]);
        Assert.Equal("b", _leaf.InOrder()[0]);
        _leaf.Answered("a");
        Assert.Empty(_leaf.Outliers);
    }

    [Fact]
    public void A_trial_that_fails_doubles_the_pause_up_to_a_limit()
    {
        Miss(3);
        foreach (var pause in new[] { 1, 2, 3, 3 })
        {
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.Equal("b", _leaf.InOrder()[0]);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal("a", _leaf.InOrder()[0]);
            Miss(1);
        }
    }

    [Fact]
    public void Where_all_are_outliers_they_are_asked_none_the_less()
    {
        Miss(3);
        for (var i = 0; i < 3; i++)
            _leaf.Missed("b");
        Assert.Equal(2, _leaf.InOrder().Count);
    }

    [Fact]
    public void Late_follows_the_latencies_seen()
    {
        var window = new LatencyWindow(_options);
        Assert.Equal(_options.FirstHedge, window.Late);
        for (var i = 1; i <= 512; i++)
            window.Add(TimeSpan.FromMilliseconds(i % 100));
        Assert.InRange(window.Late.TotalMilliseconds, 92, 97);
        for (var i = 0; i < 512; i++)
            window.Add(TimeSpan.FromMilliseconds(3));
        Assert.Equal(3, window.Late.TotalMilliseconds);
    }

    [Fact]
    public void The_budget_is_a_share_of_the_questions()
    {
        var budget = new HedgeBudget(_options with { HedgeBudget = 0.125 }, _time);
        while (budget.TrySpend())
        {
            // What it starts with.
        }

        for (var i = 0; i < 64; i++)
            budget.Earn();
        Assert.Equal(8, Enumerable.Range(0, 64).Count(_ => budget.TrySpend()));
    }

    private void Miss(int times)
    {
        for (var i = 0; i < times; i++)
            _leaf.Missed("a");
    }
}
