using Samples.Hashing;

namespace Samples.Experiments.Sharded;

/// <summary>Where keys lie, and which of them move when a shard joins and leaves.</summary>
internal sealed class PlacementPhase(ExperimentContext context, ShardedView view, Random random)
{
    private const double Even = 0.1, MostMoved = 0.2 + 0.02;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        if (context.IsWithout("virtual-nodes"))
            await view.ConfigureAsync("points", "1", ring => ring.Points == 1, cancel);
        var keys = context.Option("keys", 20_000);
        string[] targets = [.. Enumerable.Range(0, keys).Select(_ => $"/search?limit=10&q={random.NextInt64():x}")];
        var four = await OwnersAsync(targets, Enumerable.Range(1, 4), cancel);
        var five = await OwnersAsync(targets, Enumerable.Range(1, 5), cancel);
        var again = await OwnersAsync(targets, Enumerable.Range(1, 4), cancel);
        return
        [
            new Claim(
                "both routers and this process name the same shard for each key",
                $"{targets.Length}",
                $"{four.Agreed}",
                four.Agreed == targets.Length),
            EvenClaim(four.Owners),
            MovedClaim(four.Owners, five.Owners),
            new Claim(
                "the fifth shard leaves: keys that are where they were before it came",
                $"{targets.Length}",
                $"{four.Owners.Zip(again.Owners).Count(o => o.First == o.Second)}",
                four.Owners.SequenceEqual(again.Owners)),
        ];
    }

    private static Claim EvenClaim(string[] owners)
    {
        var even = owners.Length / 4.0;
        var shares = owners.CountBy(o => o).OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => o.Value).ToArray();
        var worst = shares.Length < 4 ? 1 : shares.Max(s => Math.Abs(s - even) / even);
        return new Claim(
            $"{owners.Length} keys over 4 shards: the share of each",
            $"within {Even:P0} of even",
            $"{string.Join(", ", shares)} ({worst:P1} off)",
            worst <= Even);
    }

    private Claim MovedClaim(string[] four, string[] five)
    {
        var moved = Enumerable.Range(0, four.Length).Where(i => four[i] != five[i]).ToList();
        var elsewhere = moved.Count(i => five[i] != "5");
        var share = (double)moved.Count / four.Length;
        context.Observe(new Observation("moved", share, $"from 4 to 5 shards {share:P1} of the keys move"));
        return new Claim(
            "from 4 shards to 5: keys that move, and that move to another shard than the new one",
            $"at most {MostMoved:P0}, 0",
            $"{share:P1}, {elsewhere}",
            share <= MostMoved && share > 0 && elsewhere == 0);
    }

    private async Task<(string[] Owners, int Agreed)> OwnersAsync(string[] targets, IEnumerable<int> shards, CancellationToken cancel)
    {
        await view.ReshardAsync(ShardedView.Shards(shards), cancel);
        var seen = await view.RingAsync(view.Routers[0], cancel);
        var ring = new HashRing(seen.Shards.Select(s => s.Name), seen.Points);
        var answers = new List<string[]>();
        foreach (var router in view.Routers)
            answers.Add(await view.OwnersAsync(router, targets, cancel));
        return (answers[0], Enumerable.Range(0, targets.Length).Count(i => answers.TrueForAll(a => a[i] == ring.Owner(targets[i]))));
    }
}
