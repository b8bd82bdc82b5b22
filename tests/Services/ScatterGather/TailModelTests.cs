using Samples.Experiments.ScatterGather;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class TailModelTests
{
    [Fact]
    public void Without_noise_the_model_is_the_line_that_it_was_given()
    {
        var model = new TailModel([.. new[] { 1, 2, 4 }.Select(n => Measure(n, _ => 1))]);
        Assert.Equal(
            (2, 80, 1, 0.5),
            (Math.Round(model.Fixed, 6), Math.Round(model.Divided, 6), Math.Round(model.RootFixed, 6), Math.Round(model.RootEach, 6)));
        var tail = model.Simulate(8, 10, new Random(1));
        Assert.Equal(2 + 80 / 8.0 + 1 + 4, tail.P50, 6);
        Assert.Equal(tail.P50, tail.P99, 6);
    }

    [Fact]
    public void Rare_stragglers_become_the_rule_with_many_leaves_and_hedging_helps()
    {
        // One answer in 250 takes ten times as long.
        var model = new TailModel([.. new[] { 1, 2, 4 }.Select(n => Measure(n, i => i % 250 == 0 ? 10 : 1))]);
        var few = model.Simulate(1, 2000, new Random(1));
        var several = model.Simulate(100, 2000, new Random(1));
        var many = model.Simulate(500, 2000, new Random(1));
        Assert.True(few.P50 < 1.2 * (2 + 80 + 1.5), "the median of one leaf is no straggler");
        var typical = 2 + 80 / 500.0;
        Assert.True(many.P50 > 9 * typical, "with 500 leaves there is a straggler in nearly every search");
        Assert.True(several.HedgedP99 < several.P99, "two stragglers for one question are rare");
    }

    private static LeafMeasure Measure(int leaves, Func<int, double> noise) => new(leaves,
    [
        .. Enumerable.Range(1, 300).Select(i =>
        {
            double[] each = [.. Enumerable.Range(0, leaves).Select(leaf => (2 + 80.0 / leaves) * noise(i * leaves + leaf))];
            return (each.Max() + 1 + 0.5 * leaves, (IReadOnlyList<double>)each);
        }),
    ]);
}
