using CsCheck;
using Samples.Experiments.Adapter;
using Samples.MetricsAdapter.Page;
using Samples.MetricsAdapter.Sources;
using Samples.Services.Ambassador;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>The page is one that a strict parser accepts, whatever sources say.</summary>
public sealed class MetricPageTests
{
    private static readonly MetricFamily Level = new("meter_level", MetricType.Gauge, "A level.");
    private static readonly MetricFamily Count = new("meter_count_total", MetricType.Counter, "A count.");

    [Theory]
    [InlineData("quo\"tes")]
    [InlineData("back\\slash\\")]
    [InlineData("two\nlines")]
    [InlineData("Zürich 東京 🙂")]
    [InlineData("half \ud83d pair")]
    [InlineData("}{=,\" # EOF")]
    public async Task Label_values_with_quotes_backslashes_newlines_and_UTF8_are_escaped(string value)
    {
        var page = new MetricPage();
        Assert.Null(page.Add(new Sample(Level, [new Label("site", value)], 1.5)));
        var read = OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page));
        Assert.Equal(value.Replace('\ud83d'.ToString() + " ", "\ufffd "), Assert.Single(read.Samples).Labels["site"]);
        await AssertPromtoolAcceptsAsync(PageFormat.Text.Write(page));
    }

    [Fact]
    public void Any_label_values_and_numbers_come_through() =>
        Gen.Select(Gen.String, Gen.Double.Where(double.IsFinite)).Sample((text, value) =>
        {
            var page = new MetricPage();
            page.Add(new Sample(Level, [new Label("site", text)], value));
            var sample = Assert.Single(OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page)).Samples);
            Assert.Equal(value, sample.Value);
            return text.Any(char.IsSurrogate) || sample.Labels["site"] == text;
        });

    [Fact]
    public void Two_types_under_one_name_the_second_is_refused()
    {
        var page = new MetricPage();
        Assert.Null(page.Add(new Sample(Count, [], 1)));
        Assert.Equal("type", page.Add(new Sample(new MetricFamily("meter_count", MetricType.Gauge, "x"), [], 1)));
        Assert.Equal("name", page.Add(new Sample(new MetricFamily("meter_count_total", MetricType.Gauge, "x"), [], 1)));
        OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page));
    }

    [Fact]
    public void The_same_series_twice_is_refused_also_with_its_labels_in_another_order()
    {
        var page = new MetricPage();
        Assert.Null(page.Add(new Sample(Level, [new Label("a", "1"), new Label("b", "2")], 1)));
        Assert.Equal("duplicate", page.Add(new Sample(Level, [new Label("b", "2"), new Label("a", "1")], 2)));
        Assert.Equal("duplicate", page.Add(new Sample(Level, [new Label("a", "1"), new Label("b", "2"), new Label("c", "")], 2)));
        Assert.Null(page.Add(new Sample(Level, [new Label("a", "1")], 2)));
        Assert.Equal(2, OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page)).Samples.Count);
    }

    [Theory]
    [InlineData(double.NaN, "not-finite")]
    [InlineData(double.PositiveInfinity, "not-finite")]
    [InlineData(-1, "negative")]
    public void A_counter_that_is_no_count_is_refused(double value, string reason) =>
        Assert.Equal(reason, new MetricPage().Add(new Sample(Count, [], value)));

    [Theory]
    [InlineData("0a")]
    [InlineData("a-b")]
    [InlineData("__name__")]
    [InlineData("")]
    public void A_label_that_Prometheus_cannot_have_is_refused(string name) =>
        Assert.Equal("label", new MetricPage().Add(new Sample(Level, [new Label(name, "1")], 1)));

    [Theory]
    [InlineData("pumpStarts", "", MetricTypeName.Counter, "meter_pump_starts_total")]
    [InlineData("duration", "seconds", MetricTypeName.Gauge, "meter_duration_seconds")]
    [InlineData("duration_seconds", "seconds", MetricTypeName.Gauge, "meter_duration_seconds")]
    [InlineData("requests_total", "", MetricTypeName.Counter, "meter_requests_total")]
    [InlineData("  water-level (1) ", "", MetricTypeName.Gauge, "meter_water_level_1")]
    public void Names_follow_the_conventions(string name, string unit, MetricTypeName type, string expected) =>
        Assert.Equal(expected, MetricNames.Make("meter", name, unit, (MetricType)type));

    [Theory]
    [InlineData("ms", 12.5, 0.0125)]
    [InlineData("us", 3, 0.000003)]
    [InlineData("KiB", 3, 3072)]
    [InlineData("%", 40, 0.4)]
    [InlineData("kWh", 0.125, 450_000)]
    public void Units_become_base_units(string unit, double value, double expected) =>
        Assert.Equal(expected, MetricNames.Units[unit].Convert(value));

    [Theory]
    [InlineData("a 1\n")]
    [InlineData("# TYPE a gauge\na 1\n")]
    [InlineData("# TYPE a gauge\na 1\n# EOF")]
    [InlineData("# TYPE a gauge\n\na 1\n# EOF\n")]
    [InlineData("a 1\n# EOF\n")]
    [InlineData("# TYPE a counter\na 1\n# EOF\n")]
    [InlineData("# TYPE a counter\na_total -1\n# EOF\n")]
    [InlineData("# TYPE a counter\na_total NaN\n# EOF\n")]
    [InlineData("# TYPE a gauge\na 1\na 2\n# EOF\n")]
    [InlineData("# TYPE a gauge\na{b=\"1\",b=\"2\"} 1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na{b=\"\\t\"} 1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na{b=\"1} 1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na{b=\"1\",} 1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na  1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na one\n# EOF\n")]
    [InlineData("# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n")]
    [InlineData("# TYPE a gauge\n# TYPE a gauge\na 1\n# EOF\n")]
    [InlineData("# TYPE a gauge\na 1\n# HELP a late\n# EOF\n")]
    [InlineData("# TYPE a gauge\nb 1\n# EOF\n")]
    [InlineData("# TYPE a untyped\na 1\n# EOF\n")]
    [InlineData("# TYPE a counter\na_total 1\n# TYPE a_total gauge\na_total 1\n# EOF\n")]
    [InlineData("# a comment\n# EOF\n")]
    [InlineData("# TYPE a gauge\na 1\r\n# EOF\n")]
    public void The_strict_parser_is_strict(string page) => Assert.Throws<FormatException>(() => OpenMetricsPage.Parse(page));

    [Fact]
    public async Task Promtool_accepts_a_page_of_a_real_Redis()
    {
        var page = new MetricPage();
        await using var redis = await Conformance.Redis.RedisServer.StartAsync(TestContext.Current.CancellationToken);
        using var source = new RedisSource("redis", new SourceAddress(redis.Host), _ => Task.FromResult<string?>(null), 1_000_000);
        var reading = await source.ReadAsync(TestContext.Current.CancellationToken);
        Assert.All(reading.Samples, s => Assert.Null(page.Add(s)));
        Assert.True(reading.Samples.Count > 60, $"{reading.Samples.Count}");
        OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page));
        await AssertPromtoolAcceptsAsync(PageFormat.Text.Write(page));
    }

    /// <summary><c>promtool check metrics</c> parses, and complains about names and units that break the conventions.</summary>
    internal static async Task AssertPromtoolAcceptsAsync(string page)
    {
        var promtool = ExternalTool.Require("promtool", "prometheus");
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);
            Assert.Equal("", await ExternalTool.RunAsync("/bin/sh", "-c", $"'{promtool}' check metrics < '{file}'"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>The types by number: what tests show to the outside must be public.</summary>
    public enum MetricTypeName
    {
        Counter,
        Gauge,
    }
}
