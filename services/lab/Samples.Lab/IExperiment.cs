namespace Samples.Lab;

/// <summary>Real traffic and real faults against the running services of one pattern, ending in claims.</summary>
public interface IExperiment
{
    /// <summary>The pattern's folder name, such as <c>work-queue</c>.</summary>
    string Pattern { get; }

    /// <summary>
    /// Names that <see cref="ExperimentContext.Options"/> may have here, so that a typo is found before anything runs; null leaves that
    /// open.
    /// </summary>
    IReadOnlyList<string>? OptionNames => null;

    /// <summary>
    /// What it can do without, to see the claims fail that rest on it: <see cref="ExperimentContext.IsWithout"/> tells whether it has to.
    /// By default what its <see cref="OptionNames"/> say with <c>without-</c> before the name.
    /// </summary>
    IReadOnlyList<string> Removable =>
    [
        .. (OptionNames ?? []).Where(o => o.StartsWith(ExperimentContext.WithoutPrefix, StringComparison.Ordinal))
            .Select(o => o[ExperimentContext.WithoutPrefix.Length..]),
    ];

    /// <summary>
    /// Puts something to work on into a data folder, for people who just run the pattern. Done again after it was cut off, it does no harm.
    /// </summary>
    Task SeedAsync(string dataDirectory, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs once against services that are up; throws only when it cannot measure at all.</summary>
    Task<IReadOnlyList<Claim>> RunAsync(ExperimentContext context, CancellationToken cancellationToken);
}
