using System.Globalization;
using Microsoft.Extensions.Configuration;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.LegacySite;

/// <summary>What can be set from outside; everything else is in the configuration file.</summary>
/// <param name="Port">Where to listen, on loopback.</param>
/// <param name="Files">The files that it reads and writes.</param>
/// <param name="Command">Another application to run in its place.</param>
public sealed record SiteOptions(int Port, PodFiles Files, string? Command)
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "legacy-site", "an old-fashioned site: plain HTTP on loopback, a configuration file, a log file, signals.",
    [
        new("APP_PORT", "5400", "The port on 127.0.0.1; 0 takes a free one."),
        PodFiles.FolderSetting,
        new(
            "LEGACY_COMMAND",
            "none",
            "Another application to run in its place, with {port} and {data} filled in, once its configuration file is there."),
    ])
    {
        Forms = [("--check FILE", "says whether FILE is a configuration that it would take; exit code 1 where not")],
    };

    /// <summary>Reads them.</summary>
    public static SiteOptions FromEnvironment()
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().Build();
        var port = int.TryParse(configuration["APP_PORT"], CultureInfo.InvariantCulture, out var given) && given is >= 0 and < 65536
            ? given
            : 5400;
        return new SiteOptions(
            port, PodFiles.From(configuration), configuration["LEGACY_COMMAND"] is { Length: > 0 } command ? command : null);
    }
}
