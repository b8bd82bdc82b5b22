using Samples.Experiments.Replicated.Storm;

namespace Samples.Experiments.Replicated;

/// <summary>
/// A dictionary of three replicas under load: replicas die and are replaced, clients stay where they are, and the cache takes the load off.
/// </summary>
public sealed class ReplicatedExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "replicated";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "storm"];

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["retries", "draining", "readiness", "affinity", "cache", "collapsing"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        var source = await Task.Run(Source.Read, cancellationToken);
        var random = new Random(context.Option("seed", 1));
        using var view = new ReplicatedView(context, [.. source.Words]);
        var balance = new BalancePhase(context, view, random);
        List<Claim> claims = [await balance.EvenAsync(cancellationToken)];
        claims.AddRange(context.Faults is { } faults
            ? [
                .. await balance.KillAsync(faults, cancellationToken),
                await new RolloutPhase(context, view, random).RunAsync(faults, cancellationToken),
            ]
            : NotRun());
        claims.AddRange(await new AffinityPhase(context, view, random).RunAsync(cancellationToken));
        claims.AddRange(await new CachePhase(context, view, random).RunAsync(cancellationToken));
        claims.AddRange(await new DoorPhase(view).RunAsync(cancellationToken));
        claims.AddRange(await new StormPhase(context, view, source).RunAsync(cancellationToken));
        return claims;
    }

    private static IReadOnlyList<Claim> NotRun() =>
    [
        .. new[] { BalancePhase.KillClaim, BalancePhase.EarlyClaim, RolloutPhase.Sentence }
            .Select(sentence => Claim.NotRun(sentence, "0", "Nothing here can kill replicas; run it with `samples tour`.")),
    ];
}
