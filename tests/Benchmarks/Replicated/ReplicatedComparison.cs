namespace Samples.Benchmarks.Replicated;

/// <summary>The front door beside nginx and HAProxy with the same replicas behind them, and the cache beside Varnish.</summary>
internal sealed class ReplicatedComparison : IComparison
{
    public string Name => "replicated";

    public string Description =>
        "wrk and clients at a fixed rate through the front door, nginx and HAProxy; hits and a Zipf trace through the cache and Varnish.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            await new DoorComparison(folder).RunAsync(duration, report, cancel);
            await new KillComparison(folder).RunAsync(report, cancel);
            await new CacheComparison(folder).RunAsync(duration, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
