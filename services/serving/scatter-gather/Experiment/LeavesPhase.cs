using Samples.Lab.Measuring;

namespace Samples.Experiments.ScatterGather;

/// <summary>The same hard query over 1, 2 and 4 leaves, and what follows for up to 1,000.</summary>
internal sealed class LeavesPhase(ExperimentContext context, SearchView view, OneIndex oracle, Random random)
{
    private const double Tolerance = 0.5, Nearly = 1.05;
    private const int HardWords = 5, Trials = 1000;
    private static readonly int[] Measured = [1, 2, 4];
    private static readonly int[] Simulated = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];

    private readonly Dictionary<int, List<(double Whole, IReadOnlyList<double> Each)>> _searches = Measured.ToDictionary(
        n => n, _ => new List<(double, IReadOnlyList<double>)>());

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var query = oracle.MostFrequent(HardWords);
        var faster = await MeasureAsync(query, cancel);
        var measures = Measured.Select(n => new LeafMeasure(n, _searches[n])).ToList();
        var p50 = measures.ToDictionary(m => m.Leaves, m => m.Searches.Select(s => s.Whole).Median());
        var model = new TailModel(measures);
        context.Observe(new Observation(
            "ms with 4 leaves",
            p50[4],
            $"'{query}': {string.Join(", ", p50.Select(p => $"{p.Value:0.0} ms with {p.Key}"))} leaves (p50). "
                + $"A leaf: {model.Fixed:0.0} ms + {model.Divided:0.0} ms shared; "
                + $"the root: {model.RootFixed:0.0} ms + {model.RootEach:0.00} ms an answer"));
        var tails = Simulate(model);
        return
        [
            Claim.OfProcessorsSideBySide(
                faster.AtMost($"the hardest query ('{query}') is faster with 4 leaves than with 1 (p50)", 1, "ms")),
            Agreement(tails, p50),
            Claim.OfProcessorsSideBySide(Turning(tails)),
        ];
    }

    // In turns, so that whatever else this machine does disturbs all alike.
    private async Task<Comparison> MeasureAsync(string query, CancellationToken cancel)
    {
        var faster = new Comparison(Quantiles.Median);
        foreach (var leaves in Measured)
            await SearchAsync(leaves);
        var least = context.Option("leaves-rounds", 20);
        await new Sampling(least, 3 * least, TimeSpan.FromSeconds(20)).TakeAsync(
            async _ =>
            {
                foreach (var leaves in Measured)
                    _searches[leaves].Add(await SearchAsync(leaves));
                faster.Add([_searches[4][^1].Whole], [_searches[1][^1].Whole]);
            },
            () => faster.Tells(1),
            context.Time);
        return faster;

        async Task<(double Whole, IReadOnlyList<double> Each)> SearchAsync(int leaves)
        {
            var search = await view.SearchAsync(query, new SearchSettings(Leaves: leaves, DeadlineMs: 10_000, Hedging: false), cancel);
            return (search.Ms, [.. search.Page!.Leaves.Select(l => l.Ms)]);
        }
    }

    private List<Tail> Simulate(TailModel model)
    {
        var tails = Simulated.Select(n => model.Simulate(n, Trials, random)).ToList();
        foreach (var tail in tails)
        {
            context.Observe(new Observation(
                $"simulated p99, {tail.Leaves,4} leaves",
                tail.P99,
                $"simulated, {tail.Leaves,4} leaves: p50 {tail.P50,6:0.0} ms, p99 {tail.P99,6:0.0} ms, hedged {tail.HedgedP99,6:0.0} ms"));
        }

        return tails;
    }

    private static Claim Agreement(List<Tail> tails, Dictionary<int, double> p50)
    {
        var error = Measured.Max(n => Math.Abs(tails.Find(t => t.Leaves == n)!.P50 / p50[n] - 1));
        return new Claim(
            "the simulation agrees with what was measured for 1, 2 and 4 leaves (p50)",
            $"within {Tolerance:0%}",
            $"within {error:0%}",
            error <= Tolerance);
    }

    // The curve flattens: the first size that is nearly as good as the best is where it makes no sense to go on. Further on it turns: the
    // median shows that best, because with many leaves nearly every search meets a straggler.
    private static Claim Turning(List<Tail> tails)
    {
        var enough = tails.First(t => t.P99 <= Nearly * tails.Min(other => other.P99));
        var best = tails.Min(t => t.P50);
        return new Claim(
            "more leaves stop helping, simulated to 1,000 leaves: p99 is within 5% of its best with, and p50 at best against with 1000",
            "more than 1 leaf, at least 5% more",
            $"{enough.Leaves} leaves ({enough.P99:0.0} ms, {tails[0].P99:0.0} with 1), "
                + $"{tails[^1].P50 / best - 1:0%} more ({best:0.0} ms, {tails[^1].P50:0.0} with 1000)",
            enough.Leaves > 1 && tails[^1].P50 > Nearly * best);
    }
}
