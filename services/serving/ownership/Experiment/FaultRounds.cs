namespace Samples.Experiments.Ownership;

/// <summary>A fault that an owner can meet.</summary>
internal enum Fault
{
    Killed,
    Terminated,
    Frozen,
    SidecarRestarted,
}

/// <summary>One owner lost one task.</summary>
/// <param name="Fault">To what.</param>
/// <param name="Mechanism">Which task it owned.</param>
/// <param name="Term">In which term.</param>
/// <param name="At">When, on the machine's monotonic clock, right before the fault.</param>
internal sealed record Loss(Fault Fault, string Mechanism, long Term, TimeSpan At);

/// <summary>Breaks owners, one after the other, and notes when.</summary>
internal sealed class FaultRounds(ExperimentContext context, IFaults faults, OwnershipView view, TimeSpan ttl)
{
    public static readonly string[] Mechanisms = ["lock", "compare-and-swap", "actor"];

    private const int MostRoundsMore = 5;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50), Patience = TimeSpan.FromSeconds(30);

    public List<Loss> Losses { get; } = [];

    public List<Death> Deaths { get; } = [];

    /// <summary>Breaks the owner of each task so many times.</summary>
    public async Task BreakAsync(Fault fault, int rounds, CancellationToken cancel)
    {
        for (var round = 0; round < rounds; round++)
        {
            foreach (var mechanism in Mechanisms)
                await BreakOwnerAsync(fault, mechanism, cancel);
        }
    }

    /// <summary>
    /// Freezes the owner of each task so many times, and again while no owner woke up late enough to write in an old term: one that is
    /// frozen between two pieces of work sees that its lease has ended, and says nothing about fencing.
    /// </summary>
    public async Task FreezeAsync(int rounds, CancellationToken cancel)
    {
        await BreakAsync(Fault.Frozen, rounds, cancel);
        var more = 0;
        while (await view.LateWritesAsync(Mechanisms, cancel) == 0 && more++ < MostRoundsMore)
            await BreakAsync(Fault.Frozen, rounds: 1, cancel);
    }

    /// <summary>Waits until every replica is up and every task has an owner.</summary>
    public async Task<IReadOnlyList<(Replica Replica, OwnershipReport[] Owns)>> SettleAsync(CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        while (true)
        {
            var owners = await view.OwnersAsync(cancel);
            var isUp = owners.Count == (await view.ReplicasAsync(cancel)).Count;
            if (isUp && Array.TrueForAll(Mechanisms, m => owners.Any(o => o.Owns.Any(t => t.Mechanism == m))))
                return owners;
            if (context.Time.GetElapsedTime(began) > Patience)
            {
                var found = string.Join("; ", owners.Select(o => Describe(o.Replica, o.Owns)));
                throw new InvalidOperationException($"After {Patience.TotalSeconds} s not every task has an owner: {found}");
            }

            await Task.Delay(Look, cancel);
        }
    }

    /// <summary>Breaks the owner of one task.</summary>
    public async Task BreakOwnerAsync(Fault fault, string mechanism, CancellationToken cancel)
    {
        var (victim, owns) = (await SettleAsync(cancel)).First(o => o.Owns.Any(t => t.Mechanism == mechanism));
        Losses.AddRange(owns.Select(o => new Loss(fault, o.Mechanism, o.Term!.Value, Now)));
        switch (fault)
        {
            case Fault.Killed:
                // It comes back by itself: what runs the replicas starts what died.
                await faults.KillAsync(victim.Name, cancel);
                Deaths.Add(new Death(victim.Name, Now));
                break;
            case Fault.Terminated:
                await faults.TerminateAsync(victim.Name, cancel);
                Deaths.Add(new Death(victim.Name, Now));
                await faults.StartAsync(victim.Name, cancel);
                break;
            case Fault.Frozen:
                await faults.FreezeAsync(victim.Name, cancel);
                // Until somebody else has written: it wakes up late, in the middle of its work, and writes too. An actor stays where a
                // call to it is under way: no successor comes, and it is woken after its lease has ended.
                var term = owns.First(o => o.Mechanism == mechanism).Term!.Value;
                await WaitForSuccessorAsync(mechanism, term, mechanism == "actor" ? ttl * 1.5 : Patience, cancel);
                await faults.ResumeAsync(victim.Name, cancel);
                break;
            default:
                await faults.RestartSidecarAsync(victim.Name, cancel);
                break;
        }

        var tasks = string.Join(" and ", owns.Select(o => o.Mechanism));
        context.Observe(new Observation("faults", Losses.Count, $"{victim.Name}, owner of {tasks}: {Describe(fault)}"));
    }

    private async Task WaitForSuccessorAsync(string mechanism, long term, TimeSpan patience, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        while ((await view.HeadAsync(mechanism, cancel)).HighestTerm <= term && context.Time.GetElapsedTime(began) < patience)
            await Task.Delay(Look, cancel);
    }

    private TimeSpan Now => context.Time.GetElapsedTime(0);

    private static string Describe(Replica replica, IEnumerable<OwnershipReport> owns) =>
        $"{replica.Name} owns {string.Join(", ", owns.Select(t => t.Mechanism).DefaultIfEmpty("nothing"))}";

    private static string Describe(Fault fault) => fault switch
    {
        Fault.Killed => "killed",
        Fault.Terminated => "terminated",
        Fault.Frozen => "frozen past its lease, then woken",
        _ => "its sidecar restarted",
    };
}
