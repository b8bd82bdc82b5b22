using Samples.Hashing;

namespace Samples.Experiments.Sharded;

/// <summary>
/// One, two and four shards of the same memory each: how many requests find their answer in memory, and how many Che's approximation says.
/// One replica each: a second one would be as full of the same.
/// </summary>
internal sealed class HitRatePhase(ExperimentContext context, ShardedView view, Workload work, Random random)
{
    private const int Clients = 8;
    private const double Skew = 0.8, Points = 0.03;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        await view.CostAsync(0, cancel);
        // What is predicted is a ring of LRU memories. What else there is has claims of its own.
        await view.BoundAsync(null, cancel);
        await view.SwitchAsync(cancel, ("copies", false), ("handover", false));
        var claims = new List<Claim>();
        foreach (var shards in (int[])[1, 2, 4])
            claims.Add(await MeasureAsync(shards, cancel));
        await view.SwitchAsync(cancel, ("handover", true));
        return claims;
    }

    private async Task<Claim> MeasureAsync(int shards, CancellationToken cancel)
    {
        string[] replicas = [.. Enumerable.Range(1, shards).Select(n => $"cache-shard-{n}-a")];
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, shards), replicas: 1), cancel);
        await view.ForgetAsync(replicas, cancel);
        await view.WaitCurrentAsync(replicas, cancel);
        var zipf = new Zipf(work.Targets.Count, Skew);
        var (warm, measured) = (context.Option("warm", 1200) + 500 * shards, context.Option("measured", 2500));
        await AskAsync(warm, zipf, cancel);
        var before = await UnleasedAsync(replicas, cancel);
        var asked = await AskAsync(measured, zipf, cancel);
        // Where the machine stands still for longer than a lease, a shard tells nothing from memory for a moment. Nobody predicts that.
        var unleased = await UnleasedAsync(replicas, cancel) - before;
        var hits = asked.Count(a => a.Cache == "HIT") / (double)(measured - unleased);
        var predicted = await PredictAsync(replicas, zipf, asked, cancel);
        context.Observe(new Observation(
            $"hit rate, {shards} shards", hits, $"{shards} shards: hit rate {hits:P1}, predicted {predicted:P1}"));
        var wrong = asked.Count(a => !work.IsRight(a));
        return new Claim(
            $"hit rate with {shards} shard{(shards > 1 ? "s" : "")}: to Che's approximation, and answers that are not the origin's",
            $"within {Points * 100:0} points, 0",
            $"{hits:P1}, predicted {predicted:P1}, {wrong}{(unleased > 0 ? $"; {unleased} came without a lease" : "")}",
            Math.Abs(hits - predicted) <= Points && wrong == 0 && unleased < measured / 2);
    }

    private async Task<long> UnleasedAsync(string[] replicas, CancellationToken cancel)
    {
        var all = 0L;
        foreach (var replica in replicas)
            all += (await view.StatsAsync(replica, cancel)).Unleased;
        return all;
    }

    private Task<IReadOnlyList<Asked>> AskAsync(int count, Zipf zipf, CancellationToken cancel)
    {
        string[] drawn = [.. Enumerable.Range(0, count).Select(_ => work.Targets[zipf.Next(random)])];
        return ShardedView.ManyAsync(count, Clients, i => view.GetAsync(drawn[i], cancel));
    }

    // For just those requests that were drawn: what chance drew is no error of the approximation.
    private async Task<double> PredictAsync(string[] replicas, Zipf zipf, IReadOnlyList<Asked> asked, CancellationToken cancel)
    {
        var seen = await view.RingAsync(view.Routers[0], cancel);
        var ring = new HashRing(seen.Shards.Select(s => s.Name), seen.Points);
        var hit = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var shard in Enumerable.Range(0, work.Targets.Count).GroupBy(i => ring.Owner(work.Targets[i])))
        {
            var replica = replicas.Single(r => r.StartsWith($"cache-shard-{shard.Key}-", StringComparison.Ordinal));
            var stats = await view.StatsAsync(replica, cancel);
            var keys = shard.Select(i => new KeyClass(zipf.Probability(i), stats.Overhead + work.Bytes(work.Targets[i]))).ToList();
            var time = CheModel.Time(keys, stats.Capacity);
            foreach (var i in shard)
                hit[work.Targets[i]] = CheModel.Hit(zipf.Probability(i), time);
        }

        return asked.Average(a => hit[a.Target]);
    }
}
