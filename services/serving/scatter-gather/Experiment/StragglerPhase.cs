using Samples.Lab.Measuring;

namespace Samples.Experiments.ScatterGather;

/// <summary>
/// One leaf's process is frozen, then slowed 50 times. Searches with all well, with the fault, and with the fault but without hedging take
/// turns, so that whatever else this machine does disturbs all alike.
/// </summary>
internal sealed class StragglerPhase(ExperimentContext context, SearchView view, OneIndex oracle, Random random, bool hedging)
{
    private const string Victim = "search-leaf-1-a";
    private const int Clients = 2, Slower = 50;

    // Half of the searches without hedging wait for the fault: a few at once are enough.
    private const int Unhedged = 4;
    private const double Bearable = 2, Unbearable = 2;
    private const int DeadlineMs = 3000;
    private static readonly Sampling Turns = new(Least: 5, Most: 12, TimeSpan.FromSeconds(15));

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var settings = new SearchSettings(DeadlineMs: DeadlineMs, Hedging: hedging);
        // Enough for the root to know what is late.
        var usual = await view.SearchAllAsync(Queries(100), Clients, settings, cancel);
        var leafMs = usual.SelectMany(s => s.Page?.Leaves ?? []).Average(l => l.Ms);
        context.Observe(new Observation(
            "leaf ms", leafMs, $"a leaf answers in {leafMs:0.0} ms (mean), the root in {usual.Average(s => s.Ms):0.0} ms"));

        var delayMs = (int)Math.Ceiling(leafMs * (Slower - 1));
        var slowed = await MeasureAsync(
            $"slowed {Slower} times",
            () => view.SlowDownAsync(Victim, delayMs, cancel),
            () => view.SlowDownAsync(Victim, 0, cancel),
            cancel);
        if (context.Faults is not { } faults)
        {
            const string reason = "Nothing here can freeze a replica; run it with `samples tour`.";
            return [.. slowed, Claim.NotRun("p99 with one leaf frozen", $"at most {Bearable} times that without", reason)];
        }

        var name = (await faults.ListAsync(cancel)).First(r => r.AppId == Victim).Name;
        return
        [
            .. slowed,
            .. await MeasureAsync("frozen", () => faults.FreezeAsync(name, cancel), () => faults.ResumeAsync(name, cancel), cancel),
        ];
    }

    private async Task<IReadOnlyList<Claim>> MeasureAsync(string fault, Func<Task> break_, Func<Task> heal, CancellationToken cancel)
    {
        var each = context.Option("straggler-queries", 50);
        var (toHealthy, toHedged) = (new Comparison(Quantiles.P99), new Comparison(Quantiles.P99));
        var faulty = new List<Search>();
        await Turns.TakeAsync(
            async _ =>
            {
                var healthy = await SearchAsync(each, Clients, hedging, cancel);
                await break_();
                try
                {
                    IReadOnlyList<Search> hedged = hedging ? await SearchAsync(each, Clients, hedging: true, cancel) : [];
                    var unhedged = await SearchAsync(Unhedged, Unhedged, hedging: false, cancel);
                    var judged = hedging ? hedged : unhedged;
                    faulty.AddRange(judged);
                    toHealthy.Add(Times(judged), Times(healthy));
                    toHedged.Add(Times(unhedged), Times(hedged));
                }
                finally
                {
                    await heal();
                }
            },
            () => toHealthy.Tells(Bearable) && (!hedging || toHedged.Tells(Unbearable)),
            context.Time);

        var partial = faulty.Count(s => !s.IsWhole);
        context.Observe(new Observation(
            $"p99 ms, one leaf {fault}",
            toHealthy.Subject,
            $"p99 {toHealthy.Reference:0.0} ms; with one leaf {fault} {toHealthy.Subject:0.0} ms; without hedging {toHedged.Subject:0} ms. "
                + $"{faulty.Count(s => s.Page?.Leaves.Any(l => l.Hedged) == true)} of {faulty.Count} were hedged"));
        var bearable = toHealthy.AtMost(
            $"p99 of {faulty.Count} searches with one leaf {fault}, against that with all well{(hedging ? "" : " (hedging is off)")}",
            Bearable,
            "ms");
        bearable = bearable with
        {
            Expected = bearable.Expected + ", all whole",
            Measured = $"{bearable.Measured}, {partial} partial",
            Held = bearable.Held == true && partial == 0,
        };
        if (!hedging)
            return [bearable];
        return
        [
            bearable,
            toHedged.AtLeast($"that is the hedging: p99 without it, with one leaf {fault}, against that with it", Unbearable, "ms"),
        ];
    }

    private Task<IReadOnlyList<Search>> SearchAsync(int count, int clients, bool hedging, CancellationToken cancel) =>
        view.SearchAllAsync(Queries(count), clients, new SearchSettings(DeadlineMs: DeadlineMs, Hedging: hedging), cancel);

    private List<string> Queries(int count) => [.. Enumerable.Range(0, count).Select(_ => oracle.RandomQuery(random))];

    private static IEnumerable<double> Times(IEnumerable<Search> searches) => searches.Select(s => s.Ms);
}
