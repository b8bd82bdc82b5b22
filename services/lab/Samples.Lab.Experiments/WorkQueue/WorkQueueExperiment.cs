namespace Samples.Lab.Experiments.WorkQueue;

/// <summary>The work queue under a hail of SIGKILL.</summary>
public sealed class WorkQueueExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "work-queue";

    /// <inheritdoc/>
    public Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Claim>>(
            [Claim.NotRun("every picture has its correct thumbnail", "all", "The experiment does not measure it yet.")]);
}
