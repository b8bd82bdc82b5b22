namespace Samples.Experiments.Sidecar;

/// <summary>Visitors make lines while the log is rotated twice, as logrotate does it, and the sidecar that follows it is killed.</summary>
internal sealed class LogPhase(ExperimentContext context, SiteView site)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        const string Text = "lines written across two rotations and a SIGKILL of the sidecar: distinct events in the store";
        var lines = context.Option("lines", 3000);
        if (context.Faults is not { } faults)
            return [Claim.NotRun(Text, $"{lines}", "Nothing here can kill the sidecar; run it with `samples tour`.")];
        var path = $"visits-{context.Time.GetUtcNow().ToUnixTimeMilliseconds()}";
        var written = 0;
        var visitors = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref written) <= lines)
            {
                using var answer = await site.Plain.GetAsync(path, cancel);
            }
        }, cancel)).ToArray();
        await UntilAsync(() => Volatile.Read(ref written) > lines / 4, visitors, cancel);
        await RotateAsync(faults, cancel);
        await UntilAsync(() => Volatile.Read(ref written) > lines / 2, visitors, cancel);
        await faults.KillAsync("log-sidecar", cancel);
        context.Observe(new Observation("killed", 1, "killed log-sidecar"));
        // While it is down.
        await UntilAsync(() => Volatile.Read(ref written) > lines * 3 / 4, visitors, cancel);
        await RotateAsync(faults, cancel);
        await Task.WhenAll(visitors);
        var took = await SiteView.WaitAsync(async () => await CountAsync(path, cancel) >= lines, Patience, cancel);
        // What comes twice comes soon after.
        await Task.Delay(500, cancel);
        var count = await CountAsync(path, cancel);
        var counts = await site.AskAsync<CountReport>("log-store", "counts", cancel);
        context.Observe(new Observation("events", counts.Events, $"{counts.Events} events, {counts.Duplicates} came twice"));
        return
        [
            new(
                Text,
                $"{lines} of {lines}",
                $"{count} of {lines}{(took is null ? "" : $", {counts.Duplicates} came again and were told apart")}",
                count == lines),
        ];
    }

    private async Task<long> CountAsync(string path, CancellationToken cancel) =>
        (await site.AskAsync<CountReport>("log-store", $"counts?path=/{path}", cancel)).ByPath.GetValueOrDefault("/" + path);

    private static async Task UntilAsync(Func<bool> isSo, Task[] visitors, CancellationToken cancel)
    {
        while (!isSo() && !visitors.Any(v => v.IsFaulted))
            await Task.Delay(5, cancel);
    }

    private async Task RotateAsync(IFaults faults, CancellationToken cancel)
    {
        new SiteLog(context.DataDirectory).Rotate((await faults.ListAsync(cancel)).First(r => r.AppId == "legacy-site").Pid);
        context.Observe(new Observation("rotated", 1, "the log was rotated"));
    }
}
