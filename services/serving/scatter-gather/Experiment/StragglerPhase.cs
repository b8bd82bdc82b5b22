namespace Samples.Experiments.ScatterGather;

/// <summary>
/// One leaf's process is frozen, then slowed 50 times. Healthy and faulty rounds take turns, so that whatever else this machine does
/// disturbs both alike.
/// </summary>
internal sealed class StragglerPhase(ExperimentContext context, SearchView view, OneIndex oracle, Random random, bool hedging)
{
    private const string Victim = "search-leaf-1-a";
    private const int Rounds = 3, Clients = 2, Slower = 50;
    private const double Bearable = 2, Unbearable = 5;
    private const int DeadlineMs = 3000;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var settings = new SearchSettings(DeadlineMs: DeadlineMs, Hedging: hedging);
        // Enough for the root to know what is late.
        var usual = await view.SearchAllAsync(Queries(100), Clients, settings, cancel);
        var leafMs = usual.SelectMany(s => s.Page?.Leaves ?? []).Average(l => l.Ms);
        context.Observe(new Observation("leaf ms", leafMs, $"a leaf answers in {leafMs:0.0} ms (mean), the root in {usual.Average(s => s.Ms):0.0} ms"));

        var slowed = await MeasureAsync($"slowed {Slower} times",
            () => view.SlowDownAsync(Victim, (int)Math.Ceiling(leafMs * (Slower - 1)), cancel), () => view.SlowDownAsync(Victim, 0, cancel), settings, cancel);
        if (context.Faults is not { } faults)
            return [.. slowed, Claim.NotRun("p99 with one leaf frozen", $"at most {Bearable} times that without", "Nothing here can freeze a replica; run it with `samples tour`.")];
        var name = (await faults.ListAsync(cancel)).First(r => r.AppId == Victim).Name;
        return [.. slowed, .. await MeasureAsync("frozen", () => faults.FreezeAsync(name, cancel), () => faults.ResumeAsync(name, cancel), settings, cancel)];
    }

    private async Task<IReadOnlyList<Claim>> MeasureAsync(string fault, Func<Task> break_, Func<Task> heal, SearchSettings settings, CancellationToken cancel)
    {
        var each = context.Option("straggler-queries", 100);
        var (healthy, faulty, unhedged) = (new List<Search>(), new List<Search>(), new List<Search>());
        for (var round = 1; round <= Rounds; round++)
        {
            healthy.AddRange(await view.SearchAllAsync(Queries(each), Clients, settings, cancel));
            await break_();
            try
            {
                if (hedging)
                    faulty.AddRange(await view.SearchAllAsync(Queries(each), Clients, settings, cancel));
                if (!hedging || round == Rounds)
                    unhedged.AddRange(await view.SearchAllAsync(Queries(each / 5), Clients * 4, settings with { Hedging = false }, cancel));
            }
            finally
            {
                await heal();
            }
        }

        // Half of the searches wait for the fault then: a few are enough.
        if (!hedging)
            faulty = unhedged;
        var (without, with, off) = (P99(healthy), P99(faulty), P99(unhedged));
        context.Observe(new Observation($"p99 ms, one leaf {fault}", with,
            $"p99 {without:0.0} ms; with one leaf {fault} {with:0.0} ms; the same without hedging {off:0} ms. {faulty.Count(s => s.Page?.Leaves.Any(l => l.Hedged) == true)} of {faulty.Count} were hedged"));
        return
        [
            new Claim($"p99 of {faulty.Count} searches with one leaf {fault}, against {healthy.Count} with all well{(hedging ? "" : " (hedging is off)")}",
                $"at most {Bearable} times, all whole", $"{with / without:0.0} times ({with:0.0} ms against {without:0.0}), {faulty.Count(s => !s.IsWhole)} partial", with <= Bearable * without && faulty.TrueForAll(s => s.IsWhole)) { OfTime = true },
            new Claim($"that is the hedging: without it, p99 with one leaf {fault}", $"at least {Unbearable} times", $"{off / without:0.0} times ({off:0} ms)", off >= Unbearable * without) { OfTime = true },
        ];
    }

    private List<string> Queries(int count) => [.. Enumerable.Range(0, count).Select(_ => oracle.RandomQuery(random))];

    private static double P99(IEnumerable<Search> searches) => searches.Select(s => s.Ms).Quantile(0.99);
}
