namespace Samples.Benchmarks.Ambassador;

/// <summary>
/// The shard ambassador beside twemproxy, and the experiment ambassador beside nginx, each with the same servers behind it.
/// </summary>
internal sealed class AmbassadorComparison : IComparison
{
    public string Name => "ambassador";

    public string Description =>
        "redis-benchmark through the shard ambassador and twemproxy, wrk through the experiment ambassador and nginx.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            await new ShardComparison(folder).RunAsync(duration, report, cancel);
            await new SplitComparison(folder).RunAsync(duration, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
