namespace Samples.Experiments.EventDriven;

/// <summary>
/// The stage of the archive branch is frozen while orders come, in turns with orders that come while it works: the other branch must not
/// notice. Afterwards the archive catches up.
/// </summary>
internal sealed class BranchPhase(ExperimentContext context, FlowView view, Orders orders, Observer observer)
{
    private const string Slow = "own-stage";
    private const double MostTimes = 1.5;
    private const int Count = 300;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40), Look = TimeSpan.FromMilliseconds(5);
    private static readonly Sampling Rounds = new(Least: 3, Most: 8, TimeSpan.FromSeconds(16));

    private readonly List<DrawnOrder> _put = [];
    private readonly List<string> _runs = [];
    private long _during;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        const string sentence = "the archive's branch stands still: how long orders take through the other one, against when it runs";
        if (context.Faults is not { } faults)
            return [Claim.NotRun(sentence, $"at most {MostTimes} times", "Nothing here can freeze; run it with `samples tour`.")];
        var times = new Comparison(Quantiles.Median);
        var victim = context.ReplicaOf(Slow).Name;
        await Rounds.TakeAsync(
            async _ =>
            {
                var running = await ThroughAsync(cancel);
                await CaughtUpAsync(cancel);
                await faults.FreezeAsync(victim, cancel);
                var before = (await view.SumAsync(FlowView.Archived, _runs, cancel)).Events;
                var frozen = await ThroughAsync(cancel);
                _during += (await view.SumAsync(FlowView.Archived, _runs, cancel)).Events - before;
                await faults.ResumeAsync(victim, CancellationToken.None);
                await CaughtUpAsync(cancel);
                times.Add([frozen], [running]);
                context.Observe(new Observation("ms through the flow", frozen));
            },
            () => times.Tells(MostTimes),
            context.Time);
        var archived = await view.SumAsync(FlowView.Archived, _runs, cancel);
        return
        [
            times.AtMost(sentence, MostTimes, "ms"),
            new Claim(
                "orders in the archive while it stood still; when it had caught up", $"0; {Truth.Of(_put).Events}",
                $"{_during}; {archived.Events}", _during == 0 && archived == Truth.Of(_put)),
        ];
    }

    // Milliseconds until all orders of a file have come through the billing branch. They are published at once, not when the folder is
    // looked at: that waits for whole seconds.
    private async Task<double> ThroughAsync(CancellationToken cancel)
    {
        var drawn = orders.Draw(Count);
        var due = observer.Orders + drawn.Count(o => o.IsPaid);
        _put.AddRange(drawn);
        var run = $"branch-{_runs.Count + 1}";
        _runs.Add(run);
        var began = context.Time.GetTimestamp();
        await view.PublishAllAsync("orders", run, drawn, cancel);
        while (observer.Orders < due && context.Time.GetElapsedTime(began) < Patience)
            await Task.Delay(Look, context.Time, cancel);
        return context.Time.GetElapsedTime(began).TotalMilliseconds;
    }

    private Task<bool> CaughtUpAsync(CancellationToken cancel) => view.WaitAsync(
        async () => (await view.SumAsync(FlowView.Archived, _runs, cancel)).Events >= _put.Count, Patience, cancel);
}
