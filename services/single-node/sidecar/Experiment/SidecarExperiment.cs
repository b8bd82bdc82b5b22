using Samples.Experiments.Sidecar.Storm;

namespace Samples.Experiments.Sidecar;

/// <summary>
/// An old site gets HTTPS, central configuration, pages from git, counted logs and a look at its processes, without being changed.
/// </summary>
public sealed class SidecarExperiment : IExperiment
{
    /// <inheritdoc/>
    public string Pattern => "sidecar";

    /// <inheritdoc/>
    public IReadOnlyList<string> OptionNames => ["requests", "lines", "changes", "storm", "seed"];

    /// <inheritdoc/>
    public Task SeedAsync(string dataDirectory, CancellationToken cancellationToken)
    {
        _ = SitePages.Publish(Path.Combine(dataDirectory, "site.git"), "first");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken)
    {
        using var site = await SiteView.ConnectAsync(context, cancellationToken);
        return
        [
            .. await new PagesPhase(context, site).RunAsync(cancellationToken),
            .. await new TlsPhase(context, site).RunAsync(cancellationToken),
            .. await new ConfigurationPhase(context, site).RunAsync(cancellationToken),
            .. await new LogPhase(context, site).RunAsync(cancellationToken),
            await new TopzPhase(context, site).RunAsync(cancellationToken),
            .. await new StormPhase(context, site).RunAsync(cancellationToken),
        ];
    }
}
