namespace Samples.Experiments.Ownership;

/// <summary>Owners are killed, frozen, terminated and cut off; then the histories of all replicas and of the ledger are checked.</summary>
public sealed class OwnershipExperiment : IExperiment
{
    // As the template sets it; an owner renews three times within it.
    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2), Renewal = Ttl / 3;

    /// <inheritdoc/>
    public string Pattern => "ownership";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["rounds", "without-fencing"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        if (context.Faults is not { } faults)
            return [Claim.NotRun("one owner at a time, whatever is killed", "always", "Nothing here can kill replicas; run it with `samples tour`.")];
        var rounds = context.Option("rounds", 2);
        using var view = new OwnershipView(faults, context.ReplicaOf("ledger"));
        await view.SwitchFencingAsync(context.Option("without-fencing", 0) == 0, cancellationToken);
        var play = new FaultRounds(context, faults, view, Ttl);
        await play.BreakAsync(Fault.Killed, rounds, cancellationToken);
        await play.BreakAsync(Fault.Terminated, rounds, cancellationToken);
        await play.FreezeAsync(Math.Max(1, rounds / 2), cancellationToken);
        await play.BreakAsync(Fault.SidecarRestarted, Math.Max(1, rounds / 2), cancellationToken);
        await play.SettleAsync(cancellationToken);
        return await JudgeAsync(view, play, cancellationToken);
    }

    private static async Task<IReadOnlyList<Claim>> JudgeAsync(OwnershipView view, FaultRounds play, CancellationToken cancel)
    {
        var beliefs = await view.BeliefsAsync(cancel);
        var histories = new Dictionary<string, OwnershipHistory>();
        var refused = 0L;
        foreach (var mechanism in FaultRounds.Mechanisms)
        {
            refused += (await view.HeadAsync(mechanism, cancel)).Refused;
            histories[mechanism] = new OwnershipHistory([.. beliefs[mechanism]], play.Deaths, await view.EntriesAsync(mechanism, cancel));
        }

        return
        [
            Terms(histories), Fencing(histories, refused), Believers(histories),
            .. Failover(Fault.Killed, "SIGKILL", Ttl + Renewal, play, beliefs),
            .. Failover(Fault.Terminated, "SIGTERM", Renewal, play, beliefs),
            Sidecars(histories, play),
        ];
    }

    private static Claim Terms(Dictionary<string, OwnershipHistory> histories)
    {
        var broken = histories.SelectMany(h => HistoryChecker.TermsThatDoNotRise(h.Value).Select(v => $"{h.Key}: {v}")).ToList();
        var terms = histories.Sum(h => h.Value.Beliefs.Select(b => b.Term).Distinct().Count());
        return new Claim("every change of owner is a higher term, and every term has one owner", "0 exceptions", $"{broken.Count} in {terms} terms", broken.Count == 0, First(broken));
    }

    private static Claim Fencing(Dictionary<string, OwnershipHistory> histories, long refused)
    {
        var stale = histories.SelectMany(h => HistoryChecker.StaleWrites(h.Value).Select(e => $"{h.Key}: entry {e.Sequence} of {e.Replica} in term {e.Term}")).ToList();
        var entries = histories.Sum(h => h.Value.Entries.Count);
        return new Claim("no write of an old term is accepted after a newer term's first; owners that woke up late did try", "0 accepted, some tried",
            $"{stale.Count} of {entries} accepted, {stale.Count + refused} tried", stale.Count == 0 && refused > 0, First(stale));
    }

    private static Claim Believers(Dictionary<string, OwnershipHistory> histories)
    {
        var overlaps = histories.SelectMany(h => HistoryChecker.Overlaps(h.Value).Select(o => $"{h.Key}: {o}")).ToList();
        return new Claim("at any moment at most one replica believes itself the owner, by its own clock", "0 overlaps", $"{overlaps.Count} overlaps", overlaps.Count == 0, First(overlaps));
    }

    private static IEnumerable<Claim> Failover(Fault fault, string signal, TimeSpan limit, FaultRounds play, ILookup<string, Belief> beliefs) =>
        FaultRounds.Mechanisms.Select(mechanism =>
        {
            double[] seconds = [.. play.Losses.Where(l => l.Fault == fault && l.Mechanism == mechanism).Select(l => SecondsUntilNext(l, beliefs)).Order()];
            return new Claim($"{mechanism}: another owner after {signal}", $"within {limit.TotalSeconds:0.00} s",
                $"p50 {Quantile(seconds, 0.5):0.00} s, p99 {Quantile(seconds, 0.99):0.00} s of {seconds.Length}", seconds.Length > 0 && seconds[^1] <= limit.TotalSeconds)
            {
                OfTime = true,
            };
        });

    private static Claim Sidecars(Dictionary<string, OwnershipHistory> histories, FaultRounds play)
    {
        var losses = play.Losses.Where(l => l.Fault == Fault.SidecarRestarted).ToList();
        var split = losses.Count(l => HistoryChecker.Overlaps(histories[l.Mechanism] with { Beliefs = [.. histories[l.Mechanism].Beliefs.Where(b => b.At >= l.At - Ttl)] }).Count > 0);
        var kept = losses.Count(l => histories[l.Mechanism].Beliefs.Where(b => b.At > l.At).All(b => b.Term == l.Term || b.At > l.At + Ttl * 2));
        return new Claim("a restart of the owner's sidecar costs no split", "0 splits", $"{split} in {losses.Count}, the owner stayed {kept} times", losses.Count > 0 && split == 0);
    }

    private static double SecondsUntilNext(Loss loss, ILookup<string, Belief> beliefs)
    {
        var next = beliefs[loss.Mechanism].Where(b => b.Term > loss.Term && b.At > loss.At).Select(b => b.At).DefaultIfEmpty(TimeSpan.MaxValue).Min();
        return next == TimeSpan.MaxValue ? double.PositiveInfinity : (next - loss.At).TotalSeconds;
    }

    private static double Quantile(double[] ordered, double q) => ordered.Length == 0 ? double.NaN : ordered[Math.Min(ordered.Length - 1, (int)(q * ordered.Length))];

    private static string? First(List<string> violations) => violations.Count == 0 ? null : violations[0];
}
