using Samples.Experiments.Replicated;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>How many replicas: against numbers that can be worked out by hand.</summary>
public sealed class CapacityTests
{
    [Fact]
    public void What_the_caches_answer_needs_no_replica_until_they_are_cold()
    {
        var capacity = new Capacity(Load: 1000, PerReplica: 100, HitRate: 0.89, DownShare: 0.001, Target: 0.999);
        Assert.Equal(110, capacity.Reaching, 6);
        Assert.Equal((2, 10), (capacity.ForLoad, capacity.WithColdCaches));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(100, 1)]
    [InlineData(100.1, 2)]
    public void There_is_one_replica_at_least_and_no_part_of_one(double load, int needed) =>
        Assert.Equal(needed, new Capacity(load, 100, 0, 0.001, 0.999).ForLoad);

    [Fact]
    public void Replicas_that_are_down_independently_are_down_together_rarely()
    {
        var capacity = new Capacity(1, 1, 0, DownShare: 0.1, Target: 0.985);
        Assert.Equal(0.9, capacity.Up(1, 1), 12);
        Assert.Equal(0.99, capacity.Up(1, 2), 12);
        Assert.Equal(0.81, capacity.Up(2, 2), 12);
        Assert.Equal(0.972, capacity.Up(2, 3), 12);
        Assert.Equal((2, 4), (capacity.ForTarget(1), capacity.ForTarget(2)));
        // (1/2)^2000 is no double any more.
        Assert.InRange(new Capacity(1, 1, 0, DownShare: 0.5, Target: 0.9).Up(1000, 2000), 0.5, 0.51);
    }

    [Fact]
    public void A_replica_that_is_never_down_needs_no_other_and_an_impossible_promise_is_said_to_be_one()
    {
        Assert.Equal(3, new Capacity(1, 1, 0, DownShare: 0, Target: 0.9999).ForTarget(3));
        Assert.Null(new Capacity(1, 1, 0, DownShare: 0.9999999, Target: 0.9999999).ForTarget(5000));
    }
}
