using Samples.Experiments.Adapter;
using Samples.Experiments.Ambassador;
using Samples.Experiments.EventDriven;
using Samples.Experiments.Functions;
using Samples.Experiments.Ownership;
using Samples.Experiments.Replicated;
using Samples.Experiments.ScatterGather;
using Samples.Experiments.Sharded;
using Samples.Experiments.Sidecar;
using Samples.Experiments.WorkQueue;

namespace Samples.Lab;

/// <summary>Every experiment of the suite.</summary>
public static class Experiments
{
    /// <summary>In the order in which a tour runs them.</summary>
    public static IReadOnlyList<IExperiment> All { get; } =
    [
        new AdapterExperiment(),
        new AmbassadorExperiment(),
        new EventDrivenExperiment(),
        new FunctionsExperiment(),
        new OwnershipExperiment(),
        new ReplicatedExperiment(),
        new ScatterGatherExperiment(),
        new ShardedExperiment(),
        new SidecarExperiment(),
        new WorkQueueExperiment(),
    ];
}
