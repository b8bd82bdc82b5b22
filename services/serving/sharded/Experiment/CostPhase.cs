namespace Samples.Experiments.Sharded;

/// <summary>
/// Processor time of a request with one shard and with eight, all processes counted. Two processors cannot show throughput.
/// </summary>
internal sealed class CostPhase(ExperimentContext context, ShardedView view, Workload work, Random random)
{
    private const int Clients = 32, Keys = 48, Requests = 800, Compiled = 4000;
    private const double Most = 1.1;

    // Every replica of the template as a shard of its own.
    private static readonly string Eight = string.Join(
        "; ", Enumerable.Range(1, 4).SelectMany(n => "ab", (n, r) => $"{n}{r}: cache-shard-{n}-{r}"));

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        await view.BoundAsync(1.25, cancel);
        var cost = new Comparison(Quantiles.Median);
        // Eight processes compile eight times what one does, each when it has been asked often enough: that is not what a request costs.
        await view.ReshardAsync(Eight, cancel);
        await AskAsync(Compiled, cancel);
        await new Sampling(Least: 5, Most: 15, TimeSpan.FromSeconds(25)).TakeAsync(
            async _ =>
            {
                var eight = await MeasureAsync(Eight, cancel);
                cost.Add([eight], [await MeasureAsync(ShardedView.Shards([1], replicas: 1), cancel)]);
            },
            () => cost.Tells(Most),
            context.Time);
        context.Observe(new Observation(
            "ms a request", cost.Subject, $"{cost.Subject:0.00} ms of processor time with 8 shards, {cost.Reference:0.00} with 1"));
        return cost.AtMost("processor time of a request with 8 shards, against that with 1", Most, "ms");
    }

    private async Task<double> MeasureAsync(string shards, CancellationToken cancel)
    {
        await view.ReshardAsync(shards, cancel);
        await AskAsync(Keys * 3, cancel);
        var before = ProcessorTime.OfAll();
        await AskAsync(Requests, cancel);
        return (ProcessorTime.OfAll() - before).TotalMilliseconds / Requests;
    }

    private Task<IReadOnlyList<Asked>> AskAsync(int count, CancellationToken cancel)
    {
        string[] drawn = [.. Enumerable.Range(0, count).Select(_ => work.Targets[random.Next(Keys)])];
        return ShardedView.ManyAsync(count, Clients, i => view.GetAsync(drawn[i], cancel));
    }
}
