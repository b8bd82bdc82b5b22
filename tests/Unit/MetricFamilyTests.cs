using System.Diagnostics;
using System.Text;
using Samples.Runtime.Metrics;
using Xunit;

namespace Samples.Unit;

/// <summary>Counters and histograms in the text format of Prometheus.</summary>
public sealed class MetricFamilyTests
{
    [Fact]
    public void A_value_of_a_label_is_escaped()
    {
        var family = new MetricFamily("n", "h", ["a"]);
        family.Add(new("x\"\\\n"));
        family.Add(new("x\"\\\n"));
        Assert.Equal("# HELP n h\n# TYPE n counter\nn{app_id=\"q\",a=\"x\\\"\\\\\\n\"} 2\n", Text(family));
    }

    [Fact]
    public void Callers_cannot_make_it_grow_for_ever()
    {
        var family = new MetricFamily("n", "h", ["a"]);
        for (var i = 0; i < 5000; i++)
            family.Add(new($"{i}"));
        var lines = Text(family).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2 + 1000 + 1, lines.Length);
        Assert.Contains("n{app_id=\"q\",a=\"other\"} 4000", lines);
    }

    [Fact]
    public void Buckets_of_a_latency_add_up()
    {
        var family = new MetricFamily("n", "h", ["a"], isLatency: true);
        family.Add(new("x"), Stopwatch.GetTimestamp() - (Stopwatch.Frequency * 9 / 100));
        family.Add(new("x"), Stopwatch.GetTimestamp() - (Stopwatch.Frequency * 1000));
        var lines = Text(family).Split('\n');
        Assert.Contains("n_bucket{app_id=\"q\",a=\"x\",le=\"80\"} 0", lines);
        Assert.Contains("n_bucket{app_id=\"q\",a=\"x\",le=\"100000\"} 1", lines);
        Assert.Contains("n_bucket{app_id=\"q\",a=\"x\",le=\"+Inf\"} 2", lines);
        Assert.Contains("n_count{app_id=\"q\",a=\"x\"} 2", lines);
    }

    private static string Text(MetricFamily family)
    {
        var text = new StringBuilder();
        family.WriteTo(text, "app_id=\"q\"");
        return text.ToString();
    }
}
