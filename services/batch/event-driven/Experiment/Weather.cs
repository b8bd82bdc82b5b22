namespace Samples.Experiments.EventDriven;

/// <summary>
/// Kills and freezes stages: each at least once, in an order that is drawn, and more of them until the time is over. Two may be down at a
/// time. The same seed draws the same faults; what they meet is the machine's.
/// </summary>
internal sealed class Weather(ExperimentContext context, FlowView view, IFaults faults, Random random)
{
    private const int ShortestPauseMs = 200, LongestPauseMs = 900, ShortestFreezeMs = 200, LongestFreezeMs = 2500;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly string[] _names = [.. context.Replicas.Select(r => r.Name)];
    private readonly HashSet<string> _down = [], _killed = [];

    /// <summary>Stages that were killed or frozen.</summary>
    public HashSet<string> Hit { get; } = [];

    public int Kills { get; private set; }

    public int Freezes { get; private set; }

    /// <summary>Whether every stage was killed at least once.</summary>
    public bool HitAll => _killed.Count == _names.Length;

    /// <summary>Breaks things until the end and until each was killed, and waits until all are back.</summary>
    public async Task RunAsync(Func<bool> ended, CancellationToken cancel)
    {
        await GuaranteeAsync(Wanted, cancel);
        var due = new Queue<string>(Shuffled());
        var recovering = new List<Task>();
        while (due.Count > 0 || !ended())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(ShortestPauseMs, LongestPauseMs)), context.Time, cancel);
            recovering.RemoveAll(r => r.IsCompletedSuccessfully);
            if (recovering.Count >= 2)
                await Task.WhenAny(recovering);
            foreach (var failed in recovering.Where(r => r.IsFaulted))
                await failed;
            var isDue = due.TryPeek(out var victim) && !_down.Contains(victim) && random.Next(3) > 0;
            if (!isDue)
                victim = random.GetItems(_names.Except(_down).ToArray(), 1)[0];
            else
                due.Dequeue();
            _down.Add(victim!);
            Hit.Add(victim!);
            recovering.Add(isDue || random.Next(2) == 0
                ? KillAsync(victim!, cancel)
                : FreezeAsync(victim!, TimeSpan.FromMilliseconds(random.Next(ShortestFreezeMs, LongestFreezeMs)), cancel));
        }

        await Task.WhenAll(recovering);
    }

    /// <summary>Says to all stages what they guarantee.</summary>
    public async Task GuaranteeAsync(object guarantees, CancellationToken cancel)
    {
        foreach (var stage in await faults.ListAsync(cancel))
            await view.GuaranteeAsync(stage, guarantees, cancel);
    }

    private object Wanted => new
    {
        deduplication = !context.IsWithout("deduplication"), derivedIds = !context.IsWithout("derived-ids"),
        keyOrder = !context.IsWithout("key-order"),
    };

    private string[] Shuffled()
    {
        string[] names = [.. _names];
        random.Shuffle(names);
        return names;
    }

    private async Task KillAsync(string victim, CancellationToken cancel)
    {
        Kills++;
        _killed.Add(victim);
        var before = (await faults.ListAsync(cancel)).Single(r => r.Name == victim);
        context.Observe(new Observation("kills", Kills, $"killed {victim}"));
        await faults.KillAsync(victim, cancel);
        // It is started again by who looks after it.
        Replica now;
        while ((now = (await faults.ListAsync(cancel)).Single(r => r.Name == victim)).Pid == before.Pid || now.State != "running")
            await Task.Delay(Look, context.Time, cancel);
        await view.WaitReadyAsync(now, cancel);
        // A new process guarantees everything.
        await view.GuaranteeAsync(now, Wanted, cancel);
        _down.Remove(victim);
    }

    private async Task FreezeAsync(string victim, TimeSpan duration, CancellationToken cancel)
    {
        Freezes++;
        context.Observe(new Observation("freezes", Freezes, $"froze {victim} for {duration.TotalSeconds:0.0} s"));
        await faults.FreezeAsync(victim, cancel);
        await Task.Delay(duration, context.Time, CancellationToken.None);
        await faults.ResumeAsync(victim, CancellationToken.None);
        _down.Remove(victim);
    }
}
