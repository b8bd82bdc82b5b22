using Samples.Lab.Measuring;

namespace Samples.Experiments.ScatterGather;

/// <summary>
/// A replica is killed under load: nobody notices. Then all replicas of a leaf: everybody gets the rest, in time, and is told.
/// </summary>
internal sealed class LossPhase(ExperimentContext context, IFaults faults, SearchView view, OneIndex oracle, Random random)
{
    private const int Clients = 4, AtOnce = 4, Leaves = 4, DeadlineMs = 2000, LongDeadlineMs = 10_000, InARow = 10;
    private static readonly TimeSpan Load = TimeSpan.FromSeconds(3), Patience = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel) =>
    [
        await KillOneAsync(cancel),
        .. await LoseGroupAsync(leaf: 3, "killed", count: 40, KillForGoodAsync, replica => faults.StartAsync(replica, cancel), cancel),
        .. await LoseGroupAsync(
            leaf: 4,
            "frozen",
            count: 12,
            replica => faults.FreezeAsync(replica, cancel),
            replica => faults.ResumeAsync(replica, cancel),
            cancel),
    ];

    private async Task<Claim> KillOneAsync(CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        var load = Enumerable.Range(0, Clients).Select(async client =>
        {
            var own = new Random(random.Next() + client);
            var done = new List<Search>();
            while (context.Time.GetElapsedTime(began) < Load)
                done.Add(await view.SearchAsync(oracle.RandomQuery(own), new SearchSettings(DeadlineMs: LongDeadlineMs), cancel));
            return done;
        }).ToList();
        await Task.Delay(Load / 4, cancel);
        await faults.KillAsync((await ReplicasAsync(2, cancel))[0], cancel);
        Search[] searches = [.. (await Task.WhenAll(load)).SelectMany(s => s)];
        var hurt = searches.Count(s => !s.IsWhole);
        context.Observe(new Observation(
            "searches", searches.Length, $"a leaf's replica was killed under load: {hurt} of {searches.Length} searches were hurt"));
        return new Claim(
            $"SIGKILL of a leaf's replica under load: searches of {searches.Length} that fail or are partial",
            "0",
            $"{hurt}",
            hurt == 0 && searches.Length > 0);
    }

    // And it stays down: a replica that ends is started again unless somebody has asked it to stop.
    private async Task KillForGoodAsync(string replica)
    {
        await faults.KillAsync(replica, CancellationToken.None);
        await faults.TerminateAsync(replica, CancellationToken.None);
    }

    private async Task<IReadOnlyList<Claim>> LoseGroupAsync(
        int leaf, string fault, int count, Func<string, Task> break_, Func<string, Task> heal, CancellationToken cancel)
    {
        var replicas = await ReplicasAsync(leaf, cancel);
        foreach (var replica in replicas)
            await break_(replica);
        string[] queries = [.. Enumerable.Range(0, count).Select(_ => oracle.RandomQuery(random))];
        var answered = new Timeliness(TimeSpan.FromMilliseconds(DeadlineMs));
        var (right, wrong) = (0, 0);
        foreach (var some in queries.Chunk(AtOnce))
        {
            var searches = await Task.WhenAll(some.Select(q => view.SearchAsync(q, new SearchSettings(DeadlineMs: DeadlineMs), cancel)));
            foreach (var (query, search) in some.Zip(searches))
            {
                answered.Add(search.Page is null ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(search.Ms));
                if (search.Page is not { } page)
                    continue;
                var isRight = IsRight(page, query, leaf);
                wrong += isRight ? 0 : 1;
                right += isRight && page.MissingLeaves.Length == 1 ? 1 : 0;
            }
        }

        foreach (var replica in replicas)
            await heal(replica);
        var healed = await WaitWholeAsync(cancel);
        context.Observe(new Observation(
            "partial answers",
            right,
            $"leaf {leaf} was {fault}: {right} of {count} answers partial and right; whole again {healed.TotalSeconds:0.0} s later"));
        return
        [
            answered.ToClaim($"with all replicas of leaf {leaf} {fault}: searches are answered within their deadline"),
            new Claim(
                "and each says that this leaf is missing, and is right about all the others",
                $"{count}",
                $"{right}{(wrong > 0 ? $", {wrong} wrong" : "")}",
                right == count),
            new Claim(
                "and after its return answers are whole again",
                $"{InARow} in a row",
                healed < Patience ? $"after {healed.TotalSeconds:0.0} s" : $"not within {Patience.TotalSeconds:0} s",
                healed < Patience),
        ];
    }

    // What is left must be right: the one index's answer without the documents of the leaves that it says are missing.
    private bool IsRight(FoundPage page, string query, int lost) =>
        page.Partial && page.MissingLeaves.Contains(lost)
        && oracle.Agrees(page, query, 10, leftOut: document => page.MissingLeaves.Contains(document % Leaves + 1));

    // Several whole answers in a row: one may have come from the replica that was back first.
    private async Task<TimeSpan> WaitWholeAsync(CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        for (var whole = 0; whole < InARow && context.Time.GetElapsedTime(began) < Patience;)
        {
            var search = await view.SearchAsync(oracle.RandomQuery(random), new SearchSettings(DeadlineMs: LongDeadlineMs), cancel);
            whole = search.IsWhole ? whole + 1 : 0;
            await Task.Delay(20, cancel);
        }

        return context.Time.GetElapsedTime(began);
    }

    private async Task<IReadOnlyList<string>> ReplicasAsync(int leaf, CancellationToken cancel) =>
    [
        .. (await faults.ListAsync(cancel))
            .Where(r => r.AppId.StartsWith($"search-leaf-{leaf}-", StringComparison.Ordinal))
            .Select(r => r.Name),
    ];
}
