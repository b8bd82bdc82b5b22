namespace Samples.Experiments.EventDriven;

/// <summary>Files as they come: one that somebody is still copying, the same again under another name, one with wrong rows.</summary>
internal sealed class FilePhase(ExperimentContext context, FlowView view, Orders orders)
{
    private const int Count = 200, Pieces = 8;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromSeconds(40);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        const string copied = "copied.csv", again = "again.csv";
        var drawn = orders.Draw(Count);
        await orders.CopySlowlyAsync(copied, drawn, Pieces, Pause, cancel);
        await ArrivedAsync(orders.RunOf(copied), cancel);
        var runs = await view.RunsOfAsync(copied, cancel);

        orders.Copy(copied, again);
        // A file after it: when that one is through, the other would be, too.
        var (further, wrong) = (orders.Draw(Count), new[] { "x1,customer-1,DE,paid,none,1", "x2,customer-1,DE,paid" });
        var last = orders.Put(further, wrong);
        await ArrivedAsync(last, cancel);
        var dead = (await view.PartsAsync(FlowView.Dead, [last], cancel)).SelectMany(p => p.Wrong).ToList();
        var runsOfAgain = await view.RunsOfAsync(again, cancel);
        var all = await view.SumAsync(FlowView.Archived, [.. runs, .. runsOfAgain, last], cancel);
        context.Observe(new Observation("files", 3, $"dead letters: {string.Join("; ", dead)}"));
        return
        [
            new Claim(
                $"a file that is copied for {Pieces * Pause.TotalSeconds:0.0} s: runs that come of it, with how many orders",
                $"1 with {Count}",
                $"{runs.Length} with {(await view.SumAsync(FlowView.Archived, runs, cancel)).Events}",
                runs.Length == 1 && await view.SumAsync(FlowView.Archived, runs, cancel) == Truth.Of(drawn)),
            new Claim(
                "the same file again, under another name: runs that come of it", "0",
                $"{runsOfAgain.Length}, {all.Events} orders of all files",
                runsOfAgain.Length == 0 && all == Truth.Of(drawn.Concat(further))),
            new Claim(
                "wrong rows of a file: dead letters that name the line, beside all other rows",
                $"{wrong.Length} (lines {Count + 2}, {Count + 3})",
                $"{dead.Count} ({string.Join("; ", dead.Select(LineOf))})",
                dead.Count == wrong.Length && wrong.Index().All(w => dead.Any(d => LineOf(d) == $"line {Count + 2 + w.Index}"))),
        ];
    }

    private static string LineOf(string said) =>
        said.IndexOf("line ", StringComparison.Ordinal) is >= 0 and var at ? said[at..].Split(':')[0] : said;

    private Task<bool> ArrivedAsync(string run, CancellationToken cancel) => view.WaitAsync(
        async () => (await view.SumAsync(FlowView.Archived, [run], cancel)).Events >= Count, Patience, cancel);
}
