namespace Samples.Experiments.Sharded;

/// <summary>
/// Some keys are asked for far more than others: no shard gets more than its bound, and a hot key is on more shards while it is hot.
/// </summary>
internal sealed class LoadPhase(ExperimentContext context, ShardedView view, Workload work, Random random)
{
    private const int Clients = 8, Keys = 100;
    private const double Bound = 1.25, Skew = 1.2, HotShare = 0.4;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        var bounded = await BoundAsync(cancel);
        return [bounded, .. await HotAsync(cancel)];
    }

    // Without copies, which would take the load off as well.
    private async Task<Claim> BoundAsync(CancellationToken cancel)
    {
        await view.BoundAsync(context.IsWithout("bounds") ? null : Bound, cancel);
        await view.SwitchAsync(cancel, ("copies", false));
        var zipf = new Zipf(Keys, Skew);
        await AskAsync(600, () => work.Targets[zipf.Next(random)], cancel);
        var asked = await AskAsync(2400, () => work.Targets[zipf.Next(random)], cancel);
        var mean = asked.Count / 4.0;
        var shares = asked.CountBy(a => a.Shard ?? "none").OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.Value).ToArray();
        var most = shares.Max() / mean;
        var misses = asked.Count(a => a.Cache is not "HIT") / (double)asked.Count;
        context.Observe(new Observation("load of the busiest shard", most, $"load {string.Join(", ", shares)}; {misses:P1} no hits"));
        return new Claim(
            $"{asked.Count} requests by Zipf's law ({Skew}) over 4 shards: the busiest one's share, and requests that fail",
            $"at most {Bound} times the mean, 0",
            $"{most:0.00} times ({string.Join(", ", shares)}), {asked.Count(a => !work.IsRight(a))}",
            Math.Round(most, 2) <= Bound && asked.All(work.IsRight));
    }

    private async Task<IReadOnlyList<Claim>> HotAsync(CancellationToken cancel)
    {
        await view.BoundAsync(null, cancel);
        await view.SwitchAsync(cancel, ("copies", !context.IsWithout("copies")));
        var hot = work.Targets[^1];
        await AskAsync(500, () => random.NextDouble() < HotShare ? hot : Any(), cancel);
        var asked = await AskAsync(1200, () => random.NextDouble() < HotShare ? hot : Any(), cancel);
        var answers = asked.Where(a => a.Target == hot).ToList();
        var shares = answers.CountBy(a => a.Shard ?? "none").Select(s => s.Value).ToArray();
        var most = (double)shares.Max() / answers.Count;
        var origin = answers.Count(a => a.Cache is not ("HIT" or "HANDED"));
        var hotter = new Claim(
            $"a key that gets {HotShare:P0} of all requests: the share of them that one shard answers, and those that the origin answers",
            "at most 40%, 0",
            $"{most:P0} ({string.Join(", ", shares)}), {origin}",
            most <= 0.4 && origin == 0 && asked.All(work.IsRight));

        // Nobody asks for it any more, and others are.
        var began = context.Time.GetTimestamp();
        var cold = false;
        while (!cold && context.Time.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
        {
            await AskAsync(200, Any, cancel);
            cold = true;
            foreach (var router in view.Routers)
                cold &= (await view.RingAsync(router, cancel)).HotKeys.All(k => k.Key != hot);
        }

        var after = new List<Asked>();
        for (var i = 0; i < 8; i++)
            after.Add(await view.GetAsync(hot, cancel));
        var places = after.Select(a => a.Shard).Distinct().Count();
        return
        [
            hotter,
            new Claim(
                "and when it is not hot any more: shards that answer for it",
                "1",
                cold ? $"{places}, after {context.Time.GetElapsedTime(began).TotalSeconds:0.0} s" : "it stays hot",
                cold && places == 1),
        ];

        string Any() => work.Targets[random.Next(Keys)];
    }

    private Task<IReadOnlyList<Asked>> AskAsync(int count, Func<string> draw, CancellationToken cancel)
    {
        string[] drawn = [.. Enumerable.Range(0, count).Select(_ => draw())];
        return ShardedView.ManyAsync(count, Clients, i => view.GetAsync(drawn[i], cancel));
    }
}
