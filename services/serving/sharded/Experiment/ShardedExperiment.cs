namespace Samples.Experiments.Sharded;

/// <summary>
/// A search whose answers are split over four shards by key: where keys lie and move to, what is remembered, who is busy, what is lost with
/// a replica and with a shard, and whether anything old or wrong is ever told.
/// </summary>
public sealed class ShardedExperiment : IExperiment
{
    private const int Searches = 800, StormSeconds = 8;

    /// <inheritdoc/>
    public string Pattern => "sharded";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "keys", "warm", "measured", "storm"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable =>
        ["virtual-nodes", "bounds", "copies", "replicas", "fallback", "handover", "leases"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        var seed = context.Option("seed", 1);
        var random = new Random(seed);
        using var view = new ShardedView(context);
        await view.CostAsync(0, cancellationToken);
        var work = await Workload.CreateAsync(view, Searches, random, cancellationToken);
        List<Claim> claims =
        [
            .. await new PlacementPhase(context, view, random).RunAsync(cancellationToken),
            .. await new HitRatePhase(context, view, work, random).RunAsync(cancellationToken),
            .. await new LoadPhase(context, view, work, random).RunAsync(cancellationToken),
            .. await new ReshardPhase(context, view, work).RunAsync(cancellationToken),
            .. await new CostPhase(context, view, work, random).RunAsync(cancellationToken),
        ];
        claims.AddRange(context.Faults is { } faults
            ?
            [
                .. await new LossPhase(context, view, work).RunAsync(faults, cancellationToken),
                await new StormPhase(context, view, work)
                    .RunAsync(faults, context.Option("storm", StormSeconds), seed, cancellationToken),
            ]
            : new[] { LossPhase.ReplicaClaim, LossPhase.ShardClaim, StormPhase.Sentence }
                .Select(sentence => Claim.NotRun(sentence, "0", ActorPhase.LossReason)));
        claims.AddRange(await new ActorPhase(context, view, work).RunAsync(cancellationToken));
        claims.AddRange(new ScalePhase(context, random).Run());
        return claims;
    }
}
