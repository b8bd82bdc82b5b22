using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Samples.Runtime.Metrics;

/// <summary>The values of up to three labels; what a family does not have is empty.</summary>
internal readonly record struct Labels(string First, string Second = "", string Third = "")
{
    public string this[int index] => index switch { 0 => First, 1 => Second, _ => Third };
}

/// <summary>
/// Counters of one name, or histograms of a latency in milliseconds, one for each combination of labels, in the text format of Prometheus.
/// Callers choose some of the labels' values, so what comes after the first thousand combinations is counted together as <c>other</c>.
/// </summary>
/// <seealso href="https://prometheus.io/docs/instrumenting/exposition_formats/"/>
internal sealed class MetricFamily(string name, string help, string[] labels, bool isLatency = false)
{
    private const int Most = 1000;

    // Dapr's.
    private static readonly double[] Bounds =
        [
            1,
            2,
            3,
            4,
            5,
            6,
            8,
            10,
            13,
            16,
            20,
            25,
            30,
            40,
            50,
            65,
            80,
            100,
            130,
            160,
            200,
            250,
            300,
            400,
            500,
            650,
            800,
            1_000,
            2_000,
            5_000,
            10_000,
            20_000,
            50_000,
            100_000
        ];

    private readonly ConcurrentDictionary<Labels, Series> _series = new();

    /// <summary>Counts one.</summary>
    public void Add(Labels values) => Interlocked.Increment(ref Of(values).Count);

    /// <summary>Counts one that began at a timestamp of <see cref="Stopwatch"/>.</summary>
    public void Add(Labels values, long began)
    {
        var series = Of(values);
        var elapsed = Stopwatch.GetElapsedTime(began);
        Interlocked.Increment(ref series.Count);
        Interlocked.Add(ref series.Ticks, elapsed.Ticks);
        var bucket = Array.FindIndex(Bounds, b => elapsed.TotalMilliseconds <= b);
        if (bucket >= 0)
            Interlocked.Increment(ref series.Buckets![bucket]);
    }

    /// <summary>Writes all of them; <paramref name="shared"/> are labels that each has.</summary>
    public void WriteTo(StringBuilder text, string shared)
    {
        if (_series.IsEmpty)
            return;
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {(isLatency ? "histogram" : "counter")}\n");
        foreach (var (values, series) in _series)
        {
            var own = shared + string.Concat(labels.Select((label, i) => $",{label}=\"{Escape(values[i])}\""));
            if (!isLatency)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name}{{{own}}} {Volatile.Read(ref series.Count)}\n");
                continue;
            }

            var below = 0L;
            for (var i = 0; i < Bounds.Length; i++)
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"{name}_bucket{{{own},le=\"{Bounds[i]}\"}} {below += Volatile.Read(ref series.Buckets![i])}\n");
            var count = Math.Max(below, Volatile.Read(ref series.Count));
            text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{own},le=\"+Inf\"}} {count}\n");
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name}_sum{{{own}}} {TimeSpan.FromTicks(Volatile.Read(ref series.Ticks)).TotalMilliseconds}\n");
            text.Append(CultureInfo.InvariantCulture, $"{name}_count{{{own}}} {count}\n");
        }
    }

    private Series Of(Labels values)
    {
        if (_series.TryGetValue(values, out var known))
            return known;
        return _series.GetOrAdd(
            _series.Count < Most ? values : new Labels("other", "other", "other"),
            _ => new Series(isLatency ? new long[Bounds.Length] : null));
    }

    internal static string Escape(string value) =>
        value
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);

    private sealed class Series(long[]? buckets)
    {
        public long Count;
        public long Ticks;

        public long[]? Buckets { get; } = buckets;
    }
}
