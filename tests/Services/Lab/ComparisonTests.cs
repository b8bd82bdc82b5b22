using Samples.Lab.Measuring;
using Xunit;

namespace Samples.Services.Lab;

public sealed class ComparisonTests
{
    [Fact]
    public void The_ratio_is_that_of_the_statistic_over_all_rounds()
    {
        var comparison = new Comparison(Quantiles.Median);
        comparison.Add([10, 20, 30], [1, 2, 3]);
        comparison.Add([40, 50], [4, 5]);
        Assert.Equal((30, 3, 10, 2), (comparison.Subject, comparison.Reference, comparison.Ratio, comparison.Rounds));
    }

    [Fact]
    public void What_disturbs_both_sides_of_a_round_does_not_blur_the_ratio()
    {
        var comparison = new Comparison(values => values.Average());
        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            // The machine is up to ten times as slow as it was in the round before.
            var slowness = 1 + 9 * random.NextDouble();
            comparison.Add([3 * slowness], [slowness]);
        }

        Assert.Equal(3, comparison.Ratio, 6);
        Assert.True(comparison.Tells(2.9) && comparison.Tells(3.1), "the interval is narrow");
    }

    [Fact]
    public void A_ratio_that_varies_more_than_it_differs_from_the_bound_cannot_be_told_until_there_is_enough()
    {
        var comparison = new Comparison(values => values.Average());
        AddRounds(5);
        Assert.False(comparison.Tells(2), "1.5 on average, but now 0.5 and now 2.5");
        AddRounds(200);
        Assert.True(comparison.Tells(2) && comparison.Interval.Contains(1.5));

        void AddRounds(int count)
        {
            for (var round = 0; round < count; round++)
                comparison.Add([0.5 + 2 * (round % 2)], [1]);
        }
    }

    [Fact]
    public void One_round_tells_nothing()
    {
        var comparison = new Comparison(Quantiles.Median);
        comparison.Add([100], [1]);
        Assert.False(comparison.Tells(2));
    }

    [Fact]
    public void The_claims_are_on_the_side_of_their_bound()
    {
        var comparison = new Comparison(Quantiles.Median);
        comparison.Add([3], [1]);
        comparison.Add([3], [1]);
        Assert.Equal((true, false), (comparison.AtMost("", 3, "ms").Held, comparison.AtMost("", 2.9, "ms").Held));
        Assert.Equal((true, false), (comparison.AtLeast("", 3, "ms").Held, comparison.AtLeast("", 3.1, "ms").Held));
        Assert.Equal("3 times (3 ms against 1; 3 to 3 times in 2 rounds)", comparison.AtMost("", 3, "ms").Measured);
    }

    [Fact]
    public void Nothing_measured_is_no_claim_that_holds()
    {
        var comparison = new Comparison(Quantiles.P99);
        Assert.Equal((false, false), (comparison.AtMost("", 2, "ms").Held, comparison.AtLeast("", 2, "ms").Held));
    }
}
