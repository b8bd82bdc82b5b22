using Microsoft.Extensions.Time.Testing;
using Samples.Defaults;
using Samples.QueueManager;
using Xunit;

namespace Samples.Services.WorkQueue;

public sealed class DemandTests
{
    private static readonly QueueOptions Options = QueueSettings.Read(
        ("MIN_WORKERS", "1"), ("MAX_WORKERS", "10"), ("PERIOD_SECONDS", "1"), ("WORK_OFF_SECONDS", "10"));

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, 0, 0, 1)]
    [InlineData(8, 0.1, 0, 1)]
    [InlineData(8.1, 0.1, 0, 2)]
    [InlineData(16, 0.1, 0, 2)]
    [InlineData(16, 0.1, 32, 2)]
    [InlineData(16, 0.1, 102, 3)]
    [InlineData(0, 0.8, 100, 10)]
    [InlineData(1e9, 1e9, int.MaxValue, 10)]
    public void Workers_are_80_percent_busy_and_a_backlog_asks_for_more(double perSecond, double seconds, int queued, int workers) =>
        Assert.Equal(workers, Demand.WorkersFor(perSecond, seconds, queued, Options));

    [Fact]
    public void Arrivals_are_counted_over_two_periods_and_the_time_for_an_item_over_the_last_ones()
    {
        var demand = new Demand(Options, _time);
        for (var second = 0; second < 5; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            demand.Arrived(10);
            demand.Finished(TimeSpan.FromSeconds(0.2));
        }

        Assert.InRange(demand.Report(0).ArrivalsPerSecond, 10, 15);
        Assert.Equal(0.2, demand.Report(0).SecondsPerItem, 6);
        for (var item = 0; item < 20; item++)
            demand.Finished(TimeSpan.FromSeconds(0.4));
        Assert.Equal(0.4, demand.Report(0).SecondsPerItem, 6);
    }

    [Fact]
    public void A_load_that_ends_is_forgotten_after_two_periods()
    {
        var demand = new Demand(Options, _time);
        _time.Advance(TimeSpan.FromSeconds(10));
        demand.Finished(TimeSpan.FromSeconds(1));
        demand.Arrived(8);
        Assert.Equal(5, demand.Report(0).Workers);
        _time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.Equal(new DemandReport(0, 1, 0, 1), demand.Report(0));
    }

    [Fact]
    public void Before_anything_is_done_the_fewest_are_asked_for()
    {
        var demand = new Demand(Options, _time);
        demand.Arrived(1000);
        Assert.Equal(1, demand.Report(1000).Workers);
    }

    [Theory]
    [InlineData("MIN_WORKERS", "20")]
    [InlineData("LEASE_SECONDS", "0")]
    [InlineData("LEASE_SECONDS", "soon")]
    [InlineData("LEASE_SECONDS", "NaN")]
    [InlineData("MAX_FAILURES", "-1")]
    public void A_wrong_setting_is_named(string name, string value) =>
        Assert.Contains(
            name, Assert.Throws<WrongSettingException>(() => QueueSettings.Read((name, value))).Message, StringComparison.Ordinal);
}
