using Samples.ApiDocs;

namespace Samples.Experiments.ScatterGather;

/// <summary>
/// Search over leaves: the same answers as one index gives, with stragglers, dead replicas and dead leaves, and how it scales.
/// </summary>
public sealed class ScatterGatherExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "scatter-gather";

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["hedging"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        using var view = new SearchView(context.ReplicaOf("search-root"));
        var random = new Random(context.Option("seed", 1));
        var hedging = !context.IsWithout("hedging");
        var oracle = await Task.Run(() => new OneIndex(Corpus.Open().Read()), cancellationToken);
        var claims = new List<Claim>();
        claims.AddRange(await new SamenessPhase(context, view, oracle, random).RunAsync(cancellationToken));
        claims.AddRange(await new StragglerPhase(context, view, oracle, random, hedging).RunAsync(cancellationToken));
        if (context.Faults is { } faults)
        {
            claims.AddRange(await new LossPhase(context, faults, view, oracle, random).RunAsync(cancellationToken));
        }
        else
        {
            claims.Add(Claim.NotRun(
                "with all replicas of a leaf dead: an answer within the deadline, marked partial",
                "all",
                "Nothing here can kill replicas; run it with `samples tour`."));
        }

        claims.AddRange(await new LeavesPhase(context, view, oracle, random).RunAsync(cancellationToken));
        claims.Add(await new InputPhase(view).RunAsync(cancellationToken));
        return claims;
    }
}
