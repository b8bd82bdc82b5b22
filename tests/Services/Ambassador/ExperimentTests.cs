using CsCheck;
using Microsoft.AspNetCore.Http;
using Samples.ExperimentAmbassador;
using Xunit;

namespace Samples.Services.Ambassador;

public sealed class ExperimentTests
{
    [Fact]
    public void Clients_are_dealt_by_weight_and_stay_when_the_share_grows()
    {
        string[] clients = [.. Enumerable.Range(0, 20_000).Select(i => $"client-{i}")];
        var (small, large) = (Split.Parse("90/10", SplitMode.Split)!, Split.Parse("50/50", SplitMode.Split)!);
        Assert.InRange(clients.Count(c => small.Includes("e", c)), 1850, 2150);
        Assert.InRange(clients.Count(c => large.Includes("e", c)), 9800, 10_200);
        Assert.All(clients.Where(c => small.Includes("e", c)), c => Assert.True(large.Includes("e", c)));
        // Another experiment deals anew: its tenth is not the same tenth.
        Assert.InRange(clients.Count(c => small.Includes("e", c) && small.Includes("f", c)), 120, 280);
    }

    [Theory]
    [InlineData("0/1", true)]
    [InlineData("1/0", false)]
    public void All_or_none_is_a_split_too(string weights, bool isIn) =>
        Gen.String.Sample(client => Split.Parse(weights, SplitMode.Split)!.Includes("e", client) == isIn);

    [Theory]
    [InlineData("")]
    [InlineData("90")]
    [InlineData("0/0")]
    [InlineData("-1/2")]
    [InlineData("1/2/3")]
    [InlineData("90/x")]
    [InlineData("2000000/1")]
    public void Wrong_weights_are_no_split(string weights) => Assert.Null(Split.Parse(weights, SplitMode.Split));

    [Fact]
    public void Quantiles_are_within_four_percent()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(0, histogram.Quantile(0.5));
        for (var ms = 1; ms <= 1000; ms++)
            histogram.Add(TimeSpan.FromMilliseconds(ms));
        Assert.InRange(histogram.Quantile(0.5), 480, 520);
        Assert.InRange(histogram.Quantile(0.99), 950, 1030);
        histogram.Add(TimeSpan.FromDays(30));
        histogram.Add(TimeSpan.Zero);
    }

    // Newcombe (1998), method 3 for 81 of 263: 0.2553 to 0.3662.
    [Fact]
    public void The_interval_is_Wilsons()
    {
        var (low, high) = Significance.Wilson(81, 263);
        Assert.Equal(0.2553, low, 4);
        Assert.Equal(0.3662, high, 4);
        Assert.Equal((0, 1), Significance.Wilson(0, 0));
    }

    [Fact]
    public void The_test_is_the_pooled_z_test()
    {
        // 200 of 1000 and 250 of 1000: pooled rate 0.225, standard error 0.018675.
        var test = Significance.Compare(200, 1000, 250, 1000);
        Assert.Equal(0.05, test.Difference, 6);
        Assert.Equal(2.6774, test.Z, 3);
        Assert.Equal(0.00742, test.PValue, 4);
        Assert.Equal(1, Significance.Compare(0, 0, 5, 10).PValue);
        Assert.Equal(1, Significance.Compare(10, 10, 10, 10).PValue);
    }

    [Fact]
    public void Where_there_is_no_difference_one_test_in_twenty_sees_one()
    {
        var random = new Random(3);
        int Converted() => Enumerable.Range(0, 500).Count(_ => random.NextDouble() < 0.3);
        var seen = Enumerable.Range(0, 1000).Count(_ => Significance.Compare(Converted(), 500, Converted(), 500).PValue < 0.05);
        Assert.InRange(seen, 30, 75);
    }

    [Fact]
    public void A_client_converts_once_and_only_where_it_was_seen()
    {
        var arm = new Arm("web");
        Assert.False(arm.Convert("a"));
        arm.See("a");
        arm.See("a");
        Assert.True(arm.Convert("a"));
        Assert.False(arm.Convert("a"));
        arm.See("a");
        Assert.Equal((1, 1), (arm.Report().Clients, arm.Report().Conversions));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a/b..c/...", true)]
    [InlineData("/a/../v1.0/secrets", false)]
    [InlineData("/a/%2e%2E/b", false)]
    [InlineData("/..%2f..%2fsecrets", false)]
    [InlineData("/a/.\\b", false)]
    public void No_path_leads_to_other_parts_of_the_sidecar(string path, bool isSafe)
    {
        var http = new DefaultHttpContext();
        http.Request.Path = path;
        Assert.Equal(isSafe, RequestTarget.IsSafe(http.Request));
    }
}
