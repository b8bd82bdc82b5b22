namespace Samples.Experiments.Adapter;

/// <summary>Who is killed comes back by itself, as containers do. Some claims need somebody to be away for a while.</summary>
internal static class Outage
{
    /// <summary>Kills it, and nobody starts it again until <see cref="IFaults.StartAsync"/>.</summary>
    public static async Task KillForGoodAsync(this IFaults faults, string replica, CancellationToken cancel)
    {
        await faults.KillAsync(replica, cancel);
        // It waits for its next start, and is not to be started.
        await faults.TerminateAsync(replica, cancel);
    }
}
