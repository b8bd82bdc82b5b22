using System.Collections.Concurrent;
using System.Diagnostics;

namespace Samples.LegacyShop;

/// <summary>What the shop counts, in its own words and units.</summary>
internal sealed class Statistics
{
    private sealed record PageCount(long Hits, double Millis);

    private readonly ConcurrentDictionary<string, PageCount> _pages = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _placed;

    public void Count(string page, TimeSpan took) =>
        _pages.AddOrUpdate(
            page,
            new PageCount(1, took.TotalMilliseconds),
            (_, known) => new PageCount(known.Hits + 1, known.Millis + took.TotalMilliseconds));

    public void Place() => Interlocked.Increment(ref _placed);

    public object Page(long waiting) => new
    {
        uptimeSeconds = (long)Stopwatch.GetElapsedTime(_began).TotalSeconds,
        memoryKiB = Environment.WorkingSet / 1024,
        orders = new { placed = Interlocked.Read(ref _placed), waiting },
        pages = _pages.ToDictionary(p => p.Key, p => new { p.Value.Hits, p.Value.Millis }),
        motto = "the customer is king",
    };
}
