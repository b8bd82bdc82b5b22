using System.Globalization;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>
/// One origin, before it the cache and Varnish: what a hit costs, and how many hits the same memory gives for the same trace.
/// </summary>
internal sealed class CacheComparison(string folder)
{
    private const int Rounds = 5, Hot = 1000, SmallBody = 300;
    private const int Mebibytes = 8, Body = 3000, Addresses = 20_000, Requests = 40_000, Clients = 4, Seed = 1;
    private const double Skew = 1.0;

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        await CompareHitsAsync(duration, report, cancel);
        await CompareTraceAsync(report, cancel);
    }

    private async Task CompareHitsAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var script = Path.Combine(folder, "hot.lua");
        await File.WriteAllTextAsync(script, $$"""
            local n = 0
            request = function()
              n = (n + 1) % {{Hot}}
              return wrk.format("GET", "/define/" .. n)
            end
            """, cancel);
        var (origin, port) = await NginxReplica.StartAsync(folder, "small", SmallBody, cancel);
        await using var stop = origin;
        await using var ours = await Door.StartCacheAsync(port, 64, cancel);
        await using var varnish = await Door.StartVarnishAsync(folder, port, 64, cancel);
        await Wrk.WarmUpAsync(ours, script, cancel);
        await Wrk.WarmUpAsync(varnish, script, cancel);
        var rounds = new List<(Cost Ours, Cost Varnish)>();
        for (var round = 0; round < Rounds; round++)
        {
            var here = await Wrk.MeasureAsync(ours, script, duration, cancel);
            rounds.Add((here, await Wrk.MeasureAsync(varnish, script, duration, cancel)));
        }

        var middle = rounds.OrderBy(r => r.Ours.PerProcessor / r.Varnish.PerProcessor).ElementAt(Rounds / 2);
        report(Finding.AtLeast(
            0.5, $"cache, hits on {Hot} addresses: requests a second of processor time, to Varnish",
            middle.Ours.PerProcessor, middle.Varnish.PerProcessor, "1/s") with
        {
            Bound = $"cache {middle.Ours}; Varnish {middle.Varnish}",
        });
    }

    private async Task CompareTraceAsync(Action<Finding> report, CancellationToken cancel)
    {
        var trace = Zipf(new Random(Seed));
        var (origin, port) = await NginxReplica.StartAsync(folder, "large", Body, cancel);
        await using var stop = origin;
        await using var ours = await Door.StartCacheAsync(port, Mebibytes, cancel);
        await using var varnish = await Door.StartVarnishAsync(folder, port, Mebibytes, cancel);
        var here = await HitRateAsync(ours, trace, a => a.TryGetValues("X-Cache", out var said) && said.First() == "HIT", cancel);
        // Varnish names the request that brought an answer, too, where that was another one.
        var there = await HitRateAsync(varnish, trace, a => a.GetValues("X-Varnish").First().Contains(' '), cancel);
        // No headers, no bookkeeping: as many bodies as fit.
        var best = Belady.HitRate(trace, Mebibytes * 1024 * 1024 / Body);
        report(new Finding(
            $"cache, {Requests} requests by Zipf for {Addresses} addresses, {Mebibytes} MiB: hits, to Varnish",
            here * 100, there * 100, "%",
            "within 1 point", Math.Abs(here - there) <= 0.01 || here > there)
        {
            Bound = string.Create(CultureInfo.InvariantCulture,
                $"{trace.Distinct().Count() * 100.0 / Requests:0.0}% are first requests; the best possible (Belady) is {best * 100:0.0}%"),
        });
        report(new Finding("cache, the same: to the best possible (Belady)", here * 100, best * 100, "%"));
    }

    private static async Task<double> HitRateAsync(
        Door door, int[] trace, Func<System.Net.Http.Headers.HttpResponseHeaders, bool> isHit, CancellationToken cancel)
    {
        using var http = new HttpClient();
        var (next, hits) = (-1, 0);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < trace.Length)
            {
                using var answer = await http.GetAsync($"{door.Address}/define/{trace[i]}", cancel);
                answer.EnsureSuccessStatusCode();
                if (isHit(answer.Headers))
                    Interlocked.Increment(ref hits);
            }
        }));
        return (double)hits / trace.Length;
    }

    private static int[] Zipf(Random random)
    {
        var sums = new double[Addresses];
        for (var i = 0; i < Addresses; i++)
            sums[i] = (i > 0 ? sums[i - 1] : 0) + Math.Pow(i + 1, -Skew);
        return [.. Enumerable.Range(0, Requests).Select(_ => Rank(Array.BinarySearch(sums, random.NextDouble() * sums[^1])))];
    }

    private static int Rank(int found) => Math.Min(found < 0 ? ~found : found, Addresses - 1);
}
