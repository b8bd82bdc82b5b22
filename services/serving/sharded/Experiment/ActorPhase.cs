namespace Samples.Experiments.Sharded;

/// <summary>The same searches by virtual actors: placement is the ring.</summary>
internal sealed class ActorPhase(ExperimentContext context, ShardedView view, Workload work)
{
    private const int Clients = 4, Keys = 160;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var cold = await AskAsync(cancel);
        var warm = await AskAsync(cancel);
        // Where the machine stands still for longer than a lease, nothing is told from memory for a moment.
        for (var again = 0; again < 5 && warm.Any(a => a.Cache != "HIT"); again++)
            warm = await AskAsync(cancel);
        var right = cold.Concat(warm).Count(work.IsRight);
        var hits = warm.Count(a => a.Cache == "HIT");
        var places = warm.Where(a => a.Replica is not null).GroupBy(a => a.Target, a => a.Replica!).SelectMany(g => g).Distinct().Count();
        var claims = new List<Claim>
        {
            new(
                $"by actors, {Keys} searches twice: right, from memory the second time, on both replicas",
                $"{2 * Keys}, {Keys}, 2",
                $"{right}, {hits}, {places}",
                right == 2 * Keys && hits == Keys && places == 2),
        };
        claims.Add(context.Faults is { } faults
            ? await LoseAsync(faults, warm, cancel)
            : Claim.NotRun("by actors, a replica dies: its ranges come to life on the other", $"{Keys}", LossReason));
        return claims;
    }

    public const string LossReason = "Nothing here can kill replicas; run it with `samples tour`.";

    private async Task<Claim> LoseAsync(IFaults faults, IReadOnlyList<Asked> before, CancellationToken cancel)
    {
        var victim = (await faults.ListAsync(cancel)).First(r => r.AppId == "shard-actor");
        var its = before.Count(a => a.Replica == victim.Name);
        await faults.KillAsync(victim.Name, cancel);
        await faults.TerminateAsync(victim.Name, cancel);
        var began = context.Time.GetTimestamp();
        IReadOnlyList<Asked> after;
        do
            after = await AskAsync(cancel);
        while (after.Any(a => !a.IsAnswered) && context.Time.GetElapsedTime(began) < Patience);
        await faults.StartAsync(victim.Name, cancel);
        var right = after.Count(work.IsRight);
        return new Claim(
            $"by actors, the replica with {its} of these searches dies: those that are answered, all by the other one",
            $"{Keys}",
            $"{right}, after {context.Time.GetElapsedTime(began).TotalSeconds:0.0} s",
            right == Keys && its > 0 && after.All(a => a.Replica != victim.Name));
    }

    private Task<IReadOnlyList<Asked>> AskAsync(CancellationToken cancel) =>
        ShardedView.ManyAsync(Keys, Clients, i => view.GetByActorAsync(work.Targets[i], cancel));
}
