namespace Samples.Experiments.Ownership;

/// <summary>Owners are killed, frozen, terminated and cut off; then the histories of all replicas and of the ledger are checked.</summary>
public sealed class OwnershipExperiment : IExperiment
{
    // As the template sets it; an owner renews three times within it.
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2), Renewal = Ttl / 3;

    // What Dapr's placement gives all sidecars to hear where actors live now, before it goes on without those that are silent
    // (`--disseminate-timeout`, 8 s by default). On a busy machine it takes most of that.
    private static readonly TimeSpan Placement = TimeSpan.FromSeconds(8);

    /// <inheritdoc/>
    public string Pattern => "ownership";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["rounds"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["fencing"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        if (context.Faults is not { } faults)
        {
            const string reason = "Nothing here can kill replicas; run it with `samples tour`.";
            return [Claim.NotRun("one owner at a time, whatever is killed", "always", reason)];
        }

        var rounds = context.Option("rounds", 2);
        using var view = new OwnershipView(faults, context.ReplicaOf("ledger"));
        await view.SwitchFencingAsync(!context.IsWithout("fencing"), cancellationToken);
        var play = new FaultRounds(context, faults, view, Ttl);
        var failovers = new Failovers(context, view, play);
        var killed = await failovers.MeasureAsync(Fault.Killed, "SIGKILL", TakeOver, rounds, cancellationToken);
        var terminated = await failovers.MeasureAsync(Fault.Terminated, "SIGTERM", HandOver, rounds, cancellationToken);
        await play.FreezeAsync(Math.Max(1, rounds / 2), cancellationToken);
        await play.BreakAsync(Fault.SidecarRestarted, Math.Max(1, rounds / 2), cancellationToken);
        await play.SettleAsync(cancellationToken);
        var histories = new Dictionary<string, OwnershipHistory>();
        var refused = 0L;
        var beliefs = await view.BeliefsAsync(cancellationToken);
        foreach (var mechanism in FaultRounds.Mechanisms)
        {
            refused += (await view.HeadAsync(mechanism, cancellationToken)).Refused;
            histories[mechanism] = new OwnershipHistory(
                [.. beliefs[mechanism]], play.Deaths, await view.EntriesAsync(mechanism, cancellationToken));
        }

        return [Terms(histories), Fencing(histories, refused), Believers(histories), .. killed, .. terminated, Sidecars(histories, play)];
    }

    // A new life of the actor waits for a whole lease after placement has found that the replica is gone: it cannot tell death from
    // a freeze.
    private static TimeSpan TakeOver(string mechanism) => mechanism == "actor" ? Placement + Ttl : Ttl + Renewal;

    // Handed over, it comes before the lease could end by itself. An actor waits for placement alone.
    private static TimeSpan HandOver(string mechanism) => mechanism == "actor" ? Placement : Ttl - Renewal;

    private static Claim Terms(Dictionary<string, OwnershipHistory> histories)
    {
        var broken = histories.SelectMany(h => HistoryChecker.TermsThatDoNotRise(h.Value).Select(v => $"{h.Key}: {v}")).ToList();
        var terms = histories.Sum(h => h.Value.Beliefs.Select(b => b.Term).Distinct().Count());
        return new Claim(
            "every change of owner is a higher term, and every term has one owner",
            "0 exceptions",
            $"{broken.Count} in {terms} terms",
            broken.Count == 0,
            First(broken));
    }

    private static Claim Fencing(Dictionary<string, OwnershipHistory> histories, long refused)
    {
        var stale = (
            from history in histories
            from entry in HistoryChecker.StaleWrites(history.Value)
            select $"{history.Key}: entry {entry.Sequence} of {entry.Replica} in term {entry.Term}").ToList();
        var entries = histories.Sum(h => h.Value.Entries.Count);
        return new Claim(
            "no write of an old term is accepted after a newer term's first; owners that woke up late did try",
            "0 accepted, some tried",
            $"{stale.Count} of {entries} accepted, {stale.Count + refused} tried",
            stale.Count == 0 && refused > 0,
            First(stale));
    }

    private static Claim Believers(Dictionary<string, OwnershipHistory> histories)
    {
        var overlaps = histories.SelectMany(h => HistoryChecker.Overlaps(h.Value).Select(o => $"{h.Key}: {o}")).ToList();
        return new Claim(
            "at any moment at most one replica believes itself the owner, by its own clock",
            "0 overlaps",
            $"{overlaps.Count} overlaps",
            overlaps.Count == 0,
            First(overlaps));
    }

    private static Claim Sidecars(Dictionary<string, OwnershipHistory> histories, FaultRounds play)
    {
        var losses = play.Losses.Where(l => l.Fault == Fault.SidecarRestarted).ToList();
        var split = losses.Count(l => HistoryChecker.Overlaps(Since(histories[l.Mechanism], l.At - Ttl)).Count > 0);
        var kept = losses.Count(l => Since(histories[l.Mechanism], l.At).Beliefs.All(b => b.Term == l.Term || b.At > l.At + Ttl * 2));
        return new Claim(
            "a restart of the owner's sidecar costs no split",
            "0 splits",
            $"{split} in {losses.Count}, the owner stayed {kept} times",
            losses.Count > 0 && split == 0);
    }

    private static OwnershipHistory Since(OwnershipHistory history, TimeSpan moment) =>
        history with { Beliefs = [.. history.Beliefs.Where(b => b.At >= moment)] };

    private static string? First(List<string> violations) => violations.Count == 0 ? null : violations[0];
}
