namespace Samples.Benchmarks.Sidecar;

/// <summary>tls-sidecar beside nginx, log-sidecar beside rsyslog and beside publishing alone.</summary>
internal sealed class SidecarComparison : IComparison
{
    public string Name => "sidecar";

    public string Description => "HTTPS by tls-sidecar and by nginx, a log followed by log-sidecar and by rsyslog.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            await new TlsComparison(folder).RunAsync(duration, report, cancel);
            await new LogComparison(folder).RunAsync(duration, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
