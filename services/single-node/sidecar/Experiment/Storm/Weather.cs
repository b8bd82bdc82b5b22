namespace Samples.Experiments.Sidecar.Storm;

/// <summary>What happens to the pod while visitors ask: kills, changes, commits and rotations, at random times.</summary>
internal sealed class Weather(
    ExperimentContext context, SiteView site, IFaults faults, SiteLog log, Downtime down, Visitors visitors, StormSize size)
{
    /// <summary>Who is killed: all that share the pod.</summary>
    public static readonly IReadOnlyList<string> Victims =
        ["legacy-site", "tls-sidecar", "config-sidecar", "log-sidecar", "topz-sidecar", "git-sync-sidecar"];

    private const string Greeting = "site.greeting", Expires = "site.expires";
    private static readonly TimeSpan BackAgain = TimeSpan.FromSeconds(60), Settled = TimeSpan.FromMilliseconds(300);

    private string Repository => Path.Combine(context.DataDirectory, "site.git");

    /// <summary>How often each was killed.</summary>
    public Dictionary<string, int> Killed { get; } = [];

    /// <summary>How often the log was renamed.</summary>
    public int Rotations { get; private set; }

    /// <summary>Configurations that were stored, bad ones included.</summary>
    public int Changes { get; private set; }

    /// <summary>A state to begin from: visitors see it before anything happens. False where they do not.</summary>
    public async Task<bool> BeginAsync(CancellationToken cancel)
    {
        visitors.Allow("before the storm");
        SitePages.Publish(Repository, "before the storm");
        await context.ConfigureAsync(Expires, "10s", cancel);
        await context.ConfigureAsync(Greeting, "before the storm", cancel);
        return await SiteView.WaitAsync(async () => await ShowsAsync("before the storm", cancel), BackAgain, cancel) is not null;
    }

    /// <summary>All of it until the end; then whoever was killed is back.</summary>
    public Task RunAsync(CancellationToken end) => Task.WhenAll(
        Guarded(() => KillAsync(new Random(size.Seed), end)),
        Guarded(() => ChangeAsync(new Random(size.Seed + 1), end)),
        Guarded(() => CommitAsync(new Random(size.Seed + 2), end)),
        Guarded(() => RotateAsync(new Random(size.Seed + 3), end)));

    /// <summary>The last good values, for whatever state a change was in.</summary>
    public async Task CalmAsync(CancellationToken cancel)
    {
        visitors.Allow("after the storm");
        await context.ConfigureAsync(Greeting, "after the storm", cancel);
        await context.ConfigureAsync(Expires, "10s", cancel);
        SitePages.Publish(Repository, "after the storm");
    }

    /// <summary>Nobody helps: what was stored, committed and started since is seen all the same.</summary>
    public async Task<Claim> AfterwardsAsync(string storm, TimeSpan patience, CancellationToken cancel)
    {
        var shows = await SiteView.WaitAsync(async () => await ShowsAsync("after the storm", cancel), patience, cancel) is not null;
        var seen = await SiteView.WaitAsync(() => AreSeenAsync(cancel), patience, cancel) is not null;
        return new Claim(
            $"{storm}: afterwards the newest pages and configuration are served, and topz sees who was killed, without help",
            "served, seen",
            $"{(shows ? "served" : "not served")}, {(seen ? "seen" : "not seen")}",
            shows && seen);
    }

    private static async Task Guarded(Func<Task> act)
    {
        try
        {
            await Task.Run(act);
        }
        catch (OperationCanceledException)
        {
            // The storm is over.
        }
    }

    // Each of them in turn, in a new order each time: none is spared for long.
    private async Task KillAsync(Random random, CancellationToken end)
    {
        var returning = new List<Task>();
        try
        {
            while (!end.IsCancellationRequested)
            {
                var order = Victims.ToArray();
                random.Shuffle(order);
                foreach (var victim in order)
                {
                    await Task.Delay(random.Next(size.MostPause / 5, size.MostPause), end);
                    if ((await faults.ListAsync(end)).Single(r => r.AppId == victim) is { State: "running" } replica)
                        returning.Add(KillAsync(replica));
                }
            }
        }
        finally
        {
            await Task.WhenAll(returning);
        }
    }

    private async Task KillAsync(Replica replica)
    {
        Killed[replica.AppId] = Killed.GetValueOrDefault(replica.AppId) + 1;
        Func<Task<bool>>? isBack = replica.AppId switch
        {
            "legacy-site" => () => site.AnswersAsync(CancellationToken.None),
            "tls-sidecar" => () => site.FindHttpsAsync(CancellationToken.None),
            _ => null,
        };
        if (isBack is null)
        {
            await faults.KillAsync(replica.Name, CancellationToken.None);
            return;
        }

        var ended = down.Begin(context.Time.GetTimestamp());
        await faults.KillAsync(replica.Name, CancellationToken.None);
        await SiteView.WaitAsync(isBack, BackAgain, CancellationToken.None);
        ended(context.Time.GetTimestamp());
    }

    // One in three is such that the site would refuse it; the greeting beside it must not be seen either.
    private async Task ChangeAsync(Random random, CancellationToken end)
    {
        while (true)
        {
            await Task.Delay(random.Next(200, 1200), end);
            Changes++;
            var good = $"change {Changes}";
            if (random.Next(3) == 0)
            {
                await context.ConfigureAsync(Expires, random.Next(2) == 0 ? "soon" : "10s; return 500", end);
                await context.ConfigureAsync(Greeting, $"never to be seen {Changes}", end);
                await Task.Delay(Settled, end);
                visitors.Allow(good);
                await context.ConfigureAsync(Greeting, good, end);
                // A reader of both values must not see the old one of the one and the new one of the other.
                await Task.Delay(Settled, end);
                await context.ConfigureAsync(Expires, "10s", end);
                continue;
            }

            visitors.Allow(good);
            await context.ConfigureAsync(Greeting, good, end);
        }
    }

    private async Task CommitAsync(Random random, CancellationToken end)
    {
        for (var number = 1; ; number++)
        {
            await Task.Delay(random.Next(1000, 4000), end);
            visitors.Allow($"commit {number}");
            SitePages.Publish(Repository, $"commit {number}");
        }
    }

    private async Task RotateAsync(Random random, CancellationToken end)
    {
        while (true)
        {
            await Task.Delay(random.Next(1000, 4000), end);
            Rotations += log.Rotate((await faults.ListAsync(end)).Single(r => r.AppId == "legacy-site").Pid) ? 1 : 0;
        }
    }

    private async Task<bool> ShowsAsync(string text, CancellationToken cancel) =>
        await site.TryGetAsync("", cancel) == text + "\n" && await site.TryGetAsync("mark.txt", cancel) == text;

    private async Task<bool> AreSeenAsync(CancellationToken cancel)
    {
        var pids = (await faults.ListAsync(cancel)).Where(r => Victims.Contains(r.AppId)).Select(r => r.Pid).ToList();
        var report = await site.TryAskAsync<TopzReport>("topz-sidecar", "topz?format=json", cancel);
        return report is not null && pids.TrueForAll(pid => report.Processes.Any(p => p.Pid == pid));
    }
}
