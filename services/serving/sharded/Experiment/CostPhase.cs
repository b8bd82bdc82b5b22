namespace Samples.Experiments.Sharded;

/// <summary>
/// Processor time of a request with one shard and with eight, all processes counted. Eight shards are eight machines, and here they share
/// two processors: a process that gets few of the requests is woken for nearly each of them, and one that gets all takes several at once.
/// So eight shards are compared with what has the same of that: the same eight processes as replicas of one shard, and one shard of as
/// many clients as each of the eight has. Throughput two processors cannot show.
/// </summary>
internal sealed class CostPhase(ExperimentContext context, ShardedView view, Workload work, Random random)
{
    private const int Shards = 8, ClientsEach = 4, KeysEach = 6, Requests = 1000, Compiled = 6000, MostWarming = 10;
    private const double Most = 1.1;

    private static readonly string[] Replicas =
        [.. Enumerable.Range(1, Shards / 2).SelectMany(_ => "ab", (n, r) => $"cache-shard-{n}-{r}")];
    private static readonly string Eight = string.Join("; ", Replicas.Select(r => $"{r[^3]}{r[^1]}: {r}"));
    private static readonly string OneOfEight = $"1: {string.Join(", ", Replicas)}";
    private static readonly string One = ShardedView.Shards([1], replicas: 1);

    private string[] _keys = [];

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        await view.BoundAsync(1.25, cancel);
        // So few keys would lie unevenly, and what the bound does about that has a claim of its own: as many of each shard.
        await view.ReshardAsync(Eight, cancel);
        var owners = await view.OwnersAsync(view.Routers[0], work.Targets, cancel);
        _keys = [.. work.Targets.Zip(owners).GroupBy(o => o.Second, o => o.First).SelectMany(shard => shard.Take(KeysEach))];
        var (same, alone, all) = (new Comparison(Quantiles.Median), new Comparison(Quantiles.Median), new Comparison(Quantiles.Median));
        // Eight processes compile eight times what one does, each when it has been asked often enough: that is not what a request costs.
        foreach (var shards in (string[])[OneOfEight, Eight])
        {
            await view.ReshardAsync(shards, cancel);
            await AskAsync(Compiled, Shards * ClientsEach, cancel);
        }

        // There and back in each round: what gets faster or slower meanwhile does so for all alike.
        await new Sampling(Least: 4, Most: 10, TimeSpan.FromSeconds(20)).TakeAsync(
            async _ =>
            {
                double[] eight = new double[2], replicas = new double[2], few = new double[2];
                eight[0] = await MeasureAsync(Eight, Shards * ClientsEach, cancel);
                replicas[0] = await MeasureAsync(OneOfEight, Shards * ClientsEach, cancel);
                few[0] = await MeasureAsync(One, ClientsEach, cancel);
                var many = await MeasureAsync(One, Shards * ClientsEach, cancel);
                few[1] = await MeasureAsync(One, ClientsEach, cancel);
                replicas[1] = await MeasureAsync(OneOfEight, Shards * ClientsEach, cancel);
                eight[1] = await MeasureAsync(Eight, Shards * ClientsEach, cancel);
                same.Add(eight, replicas);
                alone.Add(eight, few);
                all.Add(eight, [many]);
            },
            () => same.Tells(Most) && alone.Tells(Most),
            context.Time);
        context.Observe(new Observation(
            "8 shards to 1 with all clients", all.Ratio,
            $"{all.Subject:0.00} ms of processor time a request with 8 shards, {all.Reference:0.00} with 1 that has all clients"));
        return
        [
            same.AtMost("processor time of a request with 8 shards, against the same 8 processes as replicas of 1 shard", Most, "ms"),
            alone.AtMost("processor time of a request with 8 shards, against 1 with an eighth of the clients", Most, "ms"),
        ];
    }

    private async Task<double> MeasureAsync(string shards, int clients, CancellationToken cancel)
    {
        await view.ReshardAsync(shards, cancel);
        await view.WarmAsync(_keys, cancel);
        // What the bound moves to the next shard has to be there as well.
        for (var warming = 0; warming < MostWarming; warming++)
        {
            if ((await AskAsync(_keys.Length * 4, clients, cancel)).All(a => a.Cache == "HIT"))
                break;
        }

        var before = ProcessorTime.OfAll();
        await AskAsync(Requests, clients, cancel);
        return (ProcessorTime.OfAll() - before).TotalMilliseconds / Requests;
    }

    private Task<IReadOnlyList<Asked>> AskAsync(int count, int clients, CancellationToken cancel)
    {
        string[] drawn = [.. Enumerable.Range(0, count).Select(_ => _keys[random.Next(_keys.Length)])];
        return ShardedView.ManyAsync(count, clients, i => view.GetAsync(drawn[i], cancel));
    }
}
