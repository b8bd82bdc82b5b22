namespace Samples.Experiments.Sidecar.Storm;

/// <summary>
/// Everything at once: visitors, changes of the configuration, commits and rotations, while each sidecar and the site itself are killed at
/// random. The same seed gives the same kills in the same order; what they meet is the machine's.
/// </summary>
internal sealed class StormPhase(ExperimentContext context, SiteView site)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _path = $"storm-{context.Time.GetUtcNow().ToUnixTimeMilliseconds()}";
    private readonly SiteLog _log = new(context.DataDirectory);
    private readonly Refusals _refusals = new(context.DataDirectory);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var size = StormSize.From(context);
        var storm = $"a storm of {size.Seconds} s";
        if (size.Seconds <= 0 || context.Faults is not { } faults)
        {
            var reason = size.Seconds <= 0 ? "--set storm=0" : "Nothing here can kill; run it with `samples tour`.";
            return [Claim.NotRun("a storm of kills", "0 failures", reason)];
        }

        context.Observe(new Observation("storm", size.Seconds, $"{storm} begins, --set seed={size.Seed}"));
        var down = new Downtime();
        var visitors = new Visitors(site, _path, context.Time);
        var weather = new Weather(context, site, faults, _log, down, visitors, size);
        var before = _refusals.Read();
        if (!await weather.BeginAsync(cancel))
        {
            const string Begin = "the site shows what is stored and committed before the storm";
            return [new Claim(Begin, "yes", "no", Held: false)];
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = Task.WhenAll(visitors.RunAsync(end.Token), weather.RunAsync(end.Token));
        await Task.WhenAny(running, Task.Delay(TimeSpan.FromSeconds(size.Seconds), context.Time, cancel));
        await end.CancelAsync();
        await running;
        await weather.CalmAsync(cancel);
        var (read, loads) = _refusals.Read() - before;
        var unexcused = visitors.Failures.Where(f => !down.Touches(f.From, f.To)).ToList();
        return
        [
            new(
                $"{storm}, kills of each sidecar and of the site: "
                + "requests by HTTPS that fail while neither the site nor tls-sidecar is down",
                $"0, {Weather.Victims.Count} programs killed",
                $"{unexcused.Count} of {visitors.Asked} ({visitors.Failures.Count - unexcused.Count} while one was), "
                + $"{weather.Killed.Values.Sum()} kills of {weather.Killed.Count} programs, seed {size.Seed}",
                unexcused.Count == 0 && visitors.Asked > 0 && weather.Killed.Count == Weather.Victims.Count,
                unexcused.Select(f => f.Reason).FirstOrDefault()),
            await LinesAsync(storm, weather.Rotations, cancel),
            new(
                $"{storm}: configurations that the site read half-written or wrong, and answers with something that was never to be seen",
                "0 and 0",
                $"{read}{(loads > 0 ? $" of {loads}" : "")} and {visitors.Invented.Count} of {visitors.Asked}, {weather.Changes} changes",
                read == 0 && visitors.Invented.Count == 0 && weather.Changes > 0,
                visitors.Invented.Count > 0 ? visitors.Invented[0] : null),
            await weather.AfterwardsAsync(storm, Patience, cancel),
        ];
    }

    // The files themselves say what was written: all of them are still there.
    private async Task<Claim> LinesAsync(string storm, int rotations, CancellationToken cancel)
    {
        var written = _log.Count(_path);
        var counted = 0L;
        await SiteView.WaitAsync(async () => (counted = await CountAsync(cancel)) >= written, Patience * 2, cancel);
        return new Claim(
            $"{storm}: lines of the log, renamed meanwhile: distinct events in the store",
            $"{written} of {written}",
            $"{counted} of {written}, {rotations} times renamed",
            counted == written && written > 0 && rotations > 0);
    }

    private async Task<long> CountAsync(CancellationToken cancel)
    {
        var counts = await site.TryAskAsync<CountReport>("log-store", $"counts?path=/{_path}", cancel);
        return counts?.ByPath.GetValueOrDefault("/" + _path) ?? -1;
    }
}
