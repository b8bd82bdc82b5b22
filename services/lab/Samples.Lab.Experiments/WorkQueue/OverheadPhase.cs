using System.Diagnostics;
using System.Text;

namespace Samples.Lab.Experiments.WorkQueue;

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
        var measured = new List<(double Each, double Rate)>();
        for (var i = 0; i < Batches; i++)
        {
            var (before, began) = (await ProcessorTimeAsync(cancel), Stopwatch.GetTimestamp());
            await WorkAsync(batch, cancel);
            measured.Add(((await ProcessorTimeAsync(cancel) - before).TotalMilliseconds / batch, batch / Stopwatch.GetElapsedTime(began).TotalSeconds));
        }

        // What else a machine does fills caches and adds to the time: the lowest is nearest to what an item costs.
        var (each, rate) = measured.Min();
        return new Claim($"overhead of manager and source: processor time an item, the lowest of {Batches} batches of {batch}", $"at most {LimitMs:0} ms",
            $"{each:0.00} ms, at {rate:0} items a second", each <= LimitMs)
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

    private async Task<TimeSpan> ProcessorTimeAsync(CancellationToken cancel)
    {
        var sum = TimeSpan.Zero;
        foreach (var replica in (await faults.ListAsync(cancel)).Where(r => r.AppId is "queue-manager" or "source-files"))
        {
            using var process = Process.GetProcessById(replica.Pid);
            sum += process.TotalProcessorTime;
        }

        return sum;
    }
}
