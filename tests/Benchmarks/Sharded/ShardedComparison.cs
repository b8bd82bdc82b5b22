using System.Globalization;
using Samples.Benchmarks.Replicated;

namespace Samples.Benchmarks.Sharded;

/// <summary>
/// The router with four shards beside twemproxy with four Redis servers: as much memory for answers, the same keys asked for in the same
/// order, in turns. Both reach what is behind them directly: what a sidecar costs is another comparison.
/// </summary>
internal sealed class ShardedComparison : IComparison
{
    private const int Keys = 20_000, Clients = 16, Seed = 1, Rounds = 5, EachSecond = 4000;
    private const double Skew = 0.8, Point = 1;

    /// <summary>How many shards each side has.</summary>
    public const int Shards = 4;

    /// <summary>What each of them may take for answers, bookkeeping included.</summary>
    public const long ShardBytes = 2 * 1024 * 1024;

    public string Name => "sharded";

    public string Description =>
        "The shard router with its shards, and twemproxy with Redis: hit rate and processor time for the same keys.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            await using var ours = await RouterSide.StartAsync(cancel);
            await using var peer = await TwemproxySide.StartAsync(folder, cancel);
            // The first half fills both, and lets the compiler finish.
            var requests = Math.Max(4, (int)duration.TotalSeconds) * EachSecond;
            var trace = Trace(requests * 2);
            var rounds = new List<(Measured Ours, Measured Peer)>();
            foreach (var side in (Side[])[ours, peer])
                await AskAsync(side, trace.AsMemory(0, requests));
            for (var round = 0; round < Rounds; round++)
            {
                var slice = trace.AsMemory(requests + requests / Rounds * round, requests / Rounds);
                var here = await AskAsync(ours, slice);
                rounds.Add((here, await AskAsync(peer, slice)));
            }

            Report(rounds, trace, requests, report);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(List<(Measured Ours, Measured Peer)> rounds, int[] trace, int filling, Action<Finding> report)
    {
        var (ours, peer) = (rounds.Average(r => r.Ours.HitRate) * 100, rounds.Average(r => r.Peer.HitRate) * 100);
        var best = Belady.HitRate(trace, (int)(Shards * ShardBytes / StubOrigin.Size)) * 100;
        var first = trace.Skip(filling).Except(trace.Take(filling)).Count() * 100.0 / (trace.Length - filling);
        report(new Finding(
            $"hit rate, {Keys} keys by Zipf's law, {Shards} x {ShardBytes >> 20} MiB: to twemproxy with Redis",
            ours, peer, "%", "within 1 point, or above", ours - peer >= -Point)
        {
            Bound = string.Create(CultureInfo.InvariantCulture, $"{first:0.0}% are first requests, which nobody can hit; ")
                + string.Create(CultureInfo.InvariantCulture, $"the best possible of all, filling included (Belady), is {best:0.0}%"),
        });
        var middle = rounds.OrderBy(r => r.Ours.PerSecond / r.Peer.PerSecond).ElementAt(Rounds / 2);
        report(new Finding("requests a second of processor time, router and shards", middle.Ours.PerSecond, middle.Peer.PerSecond, "1/s")
        {
            Bound = $"here {middle.Ours}; twemproxy with Redis {middle.Peer}",
        });
    }

    private static int[] Trace(int count)
    {
        var random = new Random(Seed);
        var sums = new double[Keys];
        for (var (i, sum) = (0, 0.0); i < Keys; i++)
            sums[i] = sum += Math.Pow(i + 1, -Skew);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var found = Array.BinarySearch(sums, random.NextDouble() * sums[^1]);
            return Math.Min(found < 0 ? ~found : found, Keys - 1);
        })];
    }

    private static async Task<Measured> AskAsync(Side side, ReadOnlyMemory<int> keys)
    {
        var before = side.Used;
        var (next, hits) = (-1, 0);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < keys.Length)
            {
                if (await side.IsHit($"/items?id={keys.Span[i]:00000}"))
                    Interlocked.Increment(ref hits);
            }
        }));
        return new Measured(keys.Length, hits, side.Used - before);
    }
}
