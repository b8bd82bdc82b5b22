namespace Samples.Experiments.Ambassador;

/// <summary>
/// Three ambassadors: keys over shards while one is dead, clients over two arms while one is dead, connections over backends while they
/// change.
/// </summary>
public sealed class AmbassadorExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "ambassador";

    /// <inheritdoc/>
    public IReadOnlyList<string> Removable => ["ring"];

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        using var invoke = new Invocation(context.ReplicaOf("shard-ambassador"));
        using var split = new SplitPhase(context);
        return
        [
            .. await new ShardPhase(context, invoke).RunAsync(cancellationToken),
            .. await split.RunAsync(cancellationToken),
            await new BrokerPhase(context, invoke).RunAsync(cancellationToken),
        ];
    }
}
