namespace Samples.Experiments.ScatterGather;

/// <summary>Random queries, both modes, several numbers of leaves: every answer must be the one index's answer.</summary>
internal sealed class SamenessPhase(ExperimentContext context, SearchView view, OneIndex oracle, Random random)
{
    private const int Clients = 4;
    private static readonly int[] LeafCounts = [1, 2, 3, 4];
    private static readonly string[] Modes = ["leaf-sharding", "root-distribution"];

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var each = context.Option("queries", 40);
        var side = new ParallelOptions { MaxDegreeOfParallelism = Clients, CancellationToken = cancel };
        var claims = new List<Claim>();
        foreach (var mode in Modes)
        {
            var (agreed, found) = (0, 0);
            string? first = null;
            foreach (var leaves in LeafCounts)
            {
                string[] queries = [.. Enumerable.Range(0, each).Select(_ => oracle.RandomQuery(random))];
                await Parallel.ForEachAsync(queries, side, async (query, stop) =>
                {
                    // Time is not the question here.
                    var search = await view.SearchAsync(query, new SearchSettings(mode, leaves, DeadlineMs: 10_000), stop);
                    if (oracle.Agrees(search.Page, query, 10))
                        Interlocked.Increment(ref agreed);
                    else
                        first ??= $"'{query}' with {leaves} leaves: {search.Status}, {search.Page?.Total ?? 0} found {search.Problem}";
                    Interlocked.Add(ref found, search.Page?.Results.Length ?? 0);
                });
                context.Observe(new Observation($"same answers, {mode}", agreed));
            }

            var all = each * LeafCounts.Length;
            context.Observe(new Observation(
                "queries", all, $"{mode}: {agreed} of {all} random queries agree with one index ({found} results)"));
            claims.Add(new Claim(
                $"{mode}: {all} random queries, with {string.Join(", ", LeafCounts)} leaves, get the results, order and scores "
                    + $"of one index over all {oracle.Documents} documents",
                $"{all}",
                $"{agreed}",
                agreed == all && found > all,
                first));
        }

        return claims;
    }
}
