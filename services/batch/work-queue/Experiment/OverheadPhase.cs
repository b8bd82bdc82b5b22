using System.Text;
using Samples.Lab.Measuring;

namespace Samples.Experiments.WorkQueue;

/// <summary>
/// What the queue itself costs: processor time of its managers for items that take no work, against that of bare invocations (client, two
/// sidecars, manager), in turns with them.
/// </summary>
internal sealed class OverheadPhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    // An item is one request and two calls of the store, a reading and a transaction.
    private const double MostTimes = 8;
    private const int Clients = 4, WarmUp = 400, Batch = 60, BareForEach = 20;

    private static readonly Sampling Turns = new(Least: 8, Most: 12, TimeSpan.FromSeconds(15));

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        await faults.ScaleAsync("worker-host", 0, cancel);
        var items = WarmUp + Turns.Most * Batch;
        for (var i = 0; i < items; i++)
            folder.Put($"plain-{i:0000}.txt", Encoding.UTF8.GetBytes($"item {i}"));
        while ((await queue.StatsAsync(cancel))["queued"] < items)
            await Task.Delay(100, cancel);

        var replicas = (await faults.ListAsync(cancel)).Where(r => r.AppId == "queue-manager").ToList();
        // Until code that runs often is compiled well, compiling costs more than the items do.
        await MeasureAsync(WarmUp, WorkAsync, () => ProcessorTime.Of(replicas), cancel);
        await MeasureAsync(WarmUp * BareForEach, PingAsync, ProcessorTime.OfAll, cancel);
        var cost = new Comparison(Quantiles.Median);
        await Turns.TakeAsync(
            async _ =>
            {
                var item = await MeasureAsync(Batch, WorkAsync, () => ProcessorTime.Of(replicas), cancel);
                var bare = await MeasureAsync(Batch * BareForEach, PingAsync, ProcessorTime.OfAll, cancel);
                cost.Add([item], [bare]);
                context.Observe(new Observation("ms for an item", item));
            },
            () => cost.Tells(MostTimes),
            context.Time);
        return cost.AtMost(
            "processor time that an item costs the managers, against that of a bare invocation through the same two sidecars",
            MostTimes,
            "ms");
    }

    // Milliseconds of processor time for each time that it was done, by several clients that share the times.
    private static async Task<double> MeasureAsync(
        int times, Func<int, CancellationToken, Task> act, Func<TimeSpan> used, CancellationToken cancel)
    {
        var before = used();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => act(times / Clients, cancel)));
        return (used() - before).TotalMilliseconds / times;
    }

    // The experiment is the worker here: it takes an item, and with the answer to "done" the next.
    private async Task WorkAsync(int times, CancellationToken cancel)
    {
        LeaseRecord? lease = null;
        for (; times > 0; times--)
        {
            lease ??= await queue.LeaseAsync("experiment", cancel)
                ?? throw new InvalidOperationException("The queue has fewer items than were put into it.");
            lease = await queue.FinishAsync(lease, times > 1 ? "experiment" : null, cancel);
        }
    }

    private async Task PingAsync(int times, CancellationToken cancel)
    {
        for (; times > 0; times--)
            await queue.PingAsync(cancel);
    }
}
