using Microsoft.Extensions.Time.Testing;
using Samples.Lab.Measuring;
using Xunit;

namespace Samples.Services.Lab;

public sealed class MeasuringTests
{
    [Theory]
    [InlineData(0, 1), InlineData(0.5, 50), InlineData(0.505, 51), InlineData(0.99, 99), InlineData(1, 100)]
    public void A_quantile_is_the_value_of_the_nearest_rank(double share, double expected) =>
        Assert.Equal(expected, Enumerable.Range(1, 100).Reverse().Select(v => (double)v).Quantile(share));

    [Fact]
    public void A_quantile_of_nothing_is_no_number() => Assert.True(double.IsNaN(Array.Empty<double>().Median()));

    // Example of R. G. Newcombe, "Two-sided confidence intervals for the single proportion", 1998: 81 of 263.
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662), InlineData(0, 20, 0, 0.1611), InlineData(1, 29, 0.0061, 0.1718), InlineData(0, 0, 0, 1)]
    public void The_interval_of_a_share_is_Wilsons(int successes, int trials, double low, double high)
    {
        var interval = Interval.OfShare(successes, trials);
        Assert.Equal((low, high), (Math.Round(interval.Low, 4), Math.Round(interval.High, 4)));
    }

    [Fact]
    public async Task Rounds_are_taken_until_they_can_tell()
    {
        var rounds = new List<int>();
        Assert.Equal(4, await TakeAsync(new Sampling(2, 10, TimeSpan.FromMinutes(1)), tells: 4));
        Assert.Equal([1, 2, 3, 4], rounds);
        // At least so many, whatever they tell; at most so many, whatever they don't.
        Assert.Equal(2, await TakeAsync(new Sampling(2, 10, TimeSpan.FromMinutes(1)), tells: 0));
        Assert.Equal(10, await TakeAsync(new Sampling(2, 10, TimeSpan.FromMinutes(1)), tells: 99));

        Task<int> TakeAsync(Sampling sampling, int tells)
        {
            rounds.Clear();
            return sampling.TakeAsync(
                round =>
                {
                    rounds.Add(round);
                    return Task.CompletedTask;
                },
                () => rounds.Count >= tells,
                TimeProvider.System);
        }
    }

    [Fact]
    public async Task No_round_begins_after_the_time_but_the_least_number_is_taken()
    {
        var time = new FakeTimeProvider();
        Assert.Equal(3, await new Sampling(1, 10, TimeSpan.FromSeconds(3)).TakeAsync(OneSecond, () => false, time));
        Assert.Equal(5, await new Sampling(5, 10, TimeSpan.FromSeconds(3)).TakeAsync(OneSecond, () => false, time));

        Task OneSecond(int round)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        }
    }

    [Fact]
    public void One_late_among_five_may_be_the_machine_one_among_few_asks_for_more_three_are_enough()
    {
        var timeliness = new Timeliness(TimeSpan.FromSeconds(1));
        Assert.False(timeliness.Holds, "nothing was measured");
        timeliness.Add(TimeSpan.FromSeconds(1));
        Assert.True(timeliness is { Holds: true, Tells: true });
        timeliness.Add(TimeSpan.FromSeconds(1.1));
        Assert.True(timeliness is { Holds: false, Tells: false });
        for (var i = 0; i < 3; i++)
            timeliness.Add(TimeSpan.FromSeconds(0.5));
        Assert.True(timeliness is { Count: 5, Late: 1, Holds: true, Tells: true });
        timeliness.Add(Timeout.InfiniteTimeSpan);
        timeliness.Add(Timeout.InfiniteTimeSpan);
        Assert.True(timeliness is { Late: 3, Holds: false, Tells: true });
    }
}
