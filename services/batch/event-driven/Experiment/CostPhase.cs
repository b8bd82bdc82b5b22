namespace Samples.Experiments.EventDriven;

/// <summary>
/// What an order costs on its way: processor time of all stages, sidecars and the broker, against that of a bare invocation through two
/// sidecars, in turns with it. And, to be seen, what the same costs in one loop.
/// </summary>
internal sealed class CostPhase(ExperimentContext context, FlowView view, Orders orders, Observer observer)
{
    private const double MostTimes = 16;
    private const int WarmUp = 1000, Batch = 1000, Pings = 400, Looped = 200_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40), Look = TimeSpan.FromMilliseconds(10);
    private static readonly Sampling Turns = new(Least: 4, Most: 8, TimeSpan.FromSeconds(15));

    private double _perSecond;

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        await MeasureAsync(WarmUp, FlowAsync, cancel);
        await MeasureAsync(Pings, PingAsync, cancel);
        var cost = new Comparison(Quantiles.Median);
        await Turns.TakeAsync(
            async _ =>
            {
                var order = await MeasureAsync(Batch, FlowAsync, cancel);
                var bare = await MeasureAsync(Pings, PingAsync, cancel);
                cost.Add([order], [bare]);
                context.Observe(new Observation("ms for an order", order));
            },
            () => cost.Tells(MostTimes),
            context.Time);
        var loop = await MeasureAsync(Looped, LoopAsync, cancel);
        var claim = cost.AtMost(
            "processor time of an order through all stages, sidecars and the broker, against that of a bare invocation", MostTimes, "ms");
        return claim with
        {
            Measured = $"{claim.Measured}; {_perSecond:0} orders a second; {loop * 1000:0.0} µs in one loop with channels",
        };
    }

    // Milliseconds of processor time for each.
    private static async Task<double> MeasureAsync(int times, Func<int, CancellationToken, Task> act, CancellationToken cancel)
    {
        var before = ProcessorTime.OfAll();
        await act(times, cancel);
        return (ProcessorTime.OfAll() - before).TotalMilliseconds / times;
    }

    private async Task FlowAsync(int times, CancellationToken cancel)
    {
        var drawn = orders.Draw(times);
        var due = observer.Orders + drawn.Count(o => o.IsPaid);
        var began = context.Time.GetTimestamp();
        await view.PublishAllAsync("orders", "cost", drawn, cancel);
        while (observer.Orders < due && context.Time.GetElapsedTime(began) < Patience)
            await Task.Delay(Look, context.Time, cancel);
        _perSecond = times / context.Time.GetElapsedTime(began).TotalSeconds;
    }

    private async Task PingAsync(int times, CancellationToken cancel)
    {
        for (; times > 0; times--)
            await view.PingAsync(cancel);
    }

    private async Task LoopAsync(int times, CancellationToken cancel)
    {
        var loop = new OneLoop();
        await loop.RunAsync(orders.Draw(times), cancel);
    }
}
