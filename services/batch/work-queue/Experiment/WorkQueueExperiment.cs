namespace Samples.Experiments.WorkQueue;

/// <summary>The work queue: scaled by its load, under a hail of SIGKILL, and what it costs.</summary>
public sealed class WorkQueueExperiment : IExperiment
{
    private const int SeedPictures = 24;

    /// <inheritdoc/>
    public string Pattern => "work-queue";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["seed", "pictures"];

    /// <inheritdoc/>
    public Task SeedAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        new PictureFolder(dataDirectory).Add("street", SeedPictures, firstSeed: 1);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        if (context.Faults is not { } faults)
        {
            return
            [
                Claim.NotRun(
                    "pictures survive the death of workers and managers",
                    "all",
                    "Nothing here can kill replicas; run it with `samples tour`."),
            ];
        }

        using var queue = new QueueView(context.ReplicaOf("source-files"));
        var folder = new PictureFolder(context.DataDirectory);
        return
        [
            .. await new ScalingPhase(context, faults, queue, folder).RunAsync(cancellationToken),
            .. await new FirePhase(context, faults, queue, folder).RunAsync(cancellationToken),
            await new OverheadPhase(context, faults, queue, folder).RunAsync(cancellationToken),
        ];
    }
}
