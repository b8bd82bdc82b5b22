using Microsoft.Extensions.Time.Testing;
using Samples.Hashing;
using Xunit;

namespace Samples.Unit.Hashing;

public sealed class BoundedLoadsTests
{
    private static readonly HashRing Ring = new(["1", "2", "3", "4"]);

    private readonly FakeTimeProvider _time = new();

    [Theory, InlineData(1.0), InlineData(1.1), InlineData(1.25), InlineData(2.0)]
    public void No_member_gets_more_than_the_bound_whatever_is_asked_for(double bound)
    {
        var loads = Create(bound);
        for (var i = 0; i < 2000; i++)
        {
            // Two of three requests are for one key.
            loads.Take(i % 3 == 0 ? $"key {i}" : "hot");
            Assert.True(loads.Loads.Values.Max() <= Math.Ceiling(bound * (i + 1) / 4), $"after {i + 1}: {loads.Loads.Values.Max()}");
        }
    }

    [Fact]
    public void Without_a_bound_a_hot_key_stays_where_it_is()
    {
        var loads = Create(double.PositiveInfinity);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(Ring.Owner("hot"), loads.Take("hot")));
    }

    [Fact]
    public void Only_what_is_too_much_goes_to_the_next_on_the_ring()
    {
        var loads = Create(1.25);
        var order = Ring.Owners("hot").ToList();
        var got = Enumerable.Range(0, 400).Select(_ => loads.Take("hot")).CountBy(m => m).ToDictionary();
        Assert.Equal([125, 125, 125, 25], order.Select(m => got[m]));
    }

    [Fact]
    public void Where_there_is_hardly_any_load_keys_stay_where_they_are()
    {
        var loads = new BoundedLoads(Ring, 1, TimeSpan.FromSeconds(2), _time, free: 10);
        Assert.Equal(10, Enumerable.Range(0, 11).Count(_ => loads.Take("hot") == Ring.Owner("hot")));
    }

    [Theory, InlineData(0.99), InlineData(0), InlineData(-1), InlineData(double.NaN)]
    public void A_bound_that_cannot_be_kept_is_refused(double bound)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => Create(bound));
        Assert.Contains("Give 1 or more", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Copies_of_a_hot_key_take_turns()
    {
        var loads = Create(2);
        var got = Enumerable.Range(0, 90).Select(_ => loads.Take("hot", copies: 3)).CountBy(m => m).ToDictionary();
        Assert.Equal(Ring.Owners("hot").Take(3).Order(), got.Keys.Order());
        Assert.All(got.Values, count => Assert.Equal(30, count));
        // More copies than members are as many as there are.
        Assert.Contains(loads.Take("hot", copies: 99), Ring.Members);
    }

    [Fact]
    public void Load_is_forgotten_by_half_each_half_life()
    {
        var loads = Create(double.PositiveInfinity);
        for (var i = 0; i < 64; i++)
            loads.Take("hot");
        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(16, loads.Loads[Ring.Owner("hot")], 6);
    }

    private BoundedLoads Create(double bound) => new(Ring, bound, TimeSpan.FromSeconds(2), _time);
}
