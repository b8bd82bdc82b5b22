using System.Diagnostics;
using System.Text;

namespace Samples.Experiments.WorkQueue;

/// <summary>What the queue itself costs: items that take no work, and the processor time of the manager and the source for them.</summary>
internal sealed class OverheadPhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    private const double LimitMs = 2;
    private const int WarmUp = 4, Batches = 6;

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        var count = context.Option("plain-items", 2000);
        await faults.ScaleAsync("worker-host", 0, cancel);
        for (var i = 0; i < count; i++)
            folder.Put($"plain-{i:0000}.txt", Encoding.UTF8.GetBytes($"item {i}"));
        while ((await queue.StatsAsync(cancel))["queued"] < count)
            await Task.Delay(100, cancel);

        // The first part warms up: until code that runs often is compiled well, compiling costs more than the items do.
        var batch = count / (WarmUp + Batches);
        await WorkAsync(batch * WarmUp, cancel);
        var measured = new List<(double Each, double Rate, string Parts)>();
        for (var i = 0; i < Batches; i++)
        {
            var (before, began) = (await ProcessorTimesAsync(cancel), Stopwatch.GetTimestamp());
            await WorkAsync(batch, cancel);
            var rate = batch / Stopwatch.GetElapsedTime(began).TotalSeconds;
            var each = (await ProcessorTimesAsync(cancel)).ToDictionary(t => t.Key, t => (t.Value - before.GetValueOrDefault(t.Key)).TotalMilliseconds / batch);
            measured.Add((each.Values.Sum(), rate, string.Join(", ", each.Select(e => $"{e.Key} {e.Value:0.00} ms"))));
        }

        // What else a machine does fills caches and adds to the time: the lowest is nearest to what an item costs.
        var lowest = measured.MinBy(m => m.Each);
        var holds = lowest.Each <= LimitMs;
        return new Claim($"overhead of manager and source: processor time an item, the lowest of {Batches} batches of {batch}", $"at most {LimitMs:0} ms",
            $"{lowest.Each:0.00} ms, at {lowest.Rate:0} items a second", holds, holds ? null : lowest.Parts)
        { OfTime = true };
    }

    // The experiment is the worker here: it takes an item and says that it is done.
    private async Task WorkAsync(int items, CancellationToken cancel)
    {
        var left = items;
        await Task.WhenAll(Enumerable.Range(1, 4).Select(async worker =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                var lease = await queue.LeaseAsync($"experiment-{worker}", cancel) ?? throw new InvalidOperationException("The queue has fewer items than were put into it.");
                await queue.FinishAsync(lease, cancel);
            }
        }));
        context.Observe(new Observation("plain items", items));
    }

    private async Task<Dictionary<string, TimeSpan>> ProcessorTimesAsync(CancellationToken cancel)
    {
        var times = new Dictionary<string, TimeSpan>();
        foreach (var replica in (await faults.ListAsync(cancel)).Where(r => r.AppId is "queue-manager" or "source-files"))
        {
            using var process = Process.GetProcessById(replica.Pid);
            times[replica.Name] = process.TotalProcessorTime;
        }

        return times;
    }
}
