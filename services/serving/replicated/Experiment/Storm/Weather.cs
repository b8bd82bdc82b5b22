namespace Samples.Experiments.Replicated.Storm;

/// <summary>
/// Kills and freezes dictionaries and caches at random times, several at once, but always leaves one of each that is well: what fails then
/// has no excuse.
/// </summary>
internal sealed class Weather(ExperimentContext context, ReplicatedView view, IFaults faults, Random random)
{
    private const int ShortestPauseMs = 200, LongestPauseMs = 1200, ShortestFreezeMs = 300, LongestFreezeMs = 4000;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private static readonly string[] Victims = ["dictionary", "cache"];

    private readonly Lock _gate = new();
    private readonly HashSet<string> _down = [];

    /// <summary>How often each was killed or frozen.</summary>
    public Dictionary<string, int> Hit { get; } = [];

    public int Kills { get; private set; }

    public int Freezes { get; private set; }

    /// <summary>Breaks things until the end, and waits until all are back.</summary>
    public async Task RunAsync(Func<bool> ended, CancellationToken cancel)
    {
        var recovering = new List<Task>();
        while (!ended())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(ShortestPauseMs, LongestPauseMs)), context.Time, cancel);
            if (ended() || await ChooseAsync(cancel) is not { } victim)
                continue;
            lock (_gate)
                _down.Add(victim.Name);
            Hit[victim.Name] = Hit.GetValueOrDefault(victim.Name) + 1;
            recovering.Add(random.Next(2) == 0
                ? KillAsync(victim, cancel)
                : FreezeAsync(victim, TimeSpan.FromMilliseconds(random.Next(ShortestFreezeMs, LongestFreezeMs)), cancel));
            recovering.RemoveAll(r => r.IsCompletedSuccessfully);
        }

        await Task.WhenAll(recovering);
    }

    private async Task<Replica?> ChooseAsync(CancellationToken cancel)
    {
        var all = await faults.ListAsync(cancel);
        lock (_gate)
        {
            Replica[] candidates = [.. Victims
                .Select(app => all.Where(r => r.AppId == app && r.State == "running" && !_down.Contains(r.Name)).ToArray())
                .Where(well => well.Length > 1)
                .SelectMany(well => well)];
            return candidates.Length == 0 ? null : candidates[random.Next(candidates.Length)];
        }
    }

    private async Task KillAsync(Replica victim, CancellationToken cancel)
    {
        Kills++;
        await faults.KillAsync(victim.Name, cancel);
        // It is started again by who looks after it.
        Replica now;
        while ((now = (await faults.ListAsync(cancel)).Single(r => r.Name == victim.Name)).Pid == victim.Pid || now.State != "running")
            await Task.Delay(Look, context.Time, cancel);
        await view.WaitReadyAsync(now, cancel);
        await BackAsync(victim, cancel);
    }

    private async Task FreezeAsync(Replica victim, TimeSpan duration, CancellationToken cancel)
    {
        Freezes++;
        await faults.FreezeAsync(victim.Name, cancel);
        await Task.Delay(duration, context.Time, CancellationToken.None);
        await faults.ResumeAsync(victim.Name, CancellationToken.None);
        await view.WaitReadyAsync(victim, cancel);
        await BackAsync(victim, cancel);
    }

    // Well is who gets requests again.
    private async Task BackAsync(Replica victim, CancellationToken cancel)
    {
        await view.WaitHealthyAsync(victim, cancel);
        lock (_gate)
            _down.Remove(victim.Name);
    }
}
