using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.ConfigSidecar;

/// <summary>How the configuration is delivered; <see cref="Usage"/> tells each setting.</summary>
public sealed record ConfigOptions
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "config-sidecar",
        "writes an application's configuration file from Dapr's configuration store, and takes back what the application refuses.",
    [
        new("CONFIG_STORE", "configstore", "The Dapr configuration store."),
        new(
            "TEMPLATE",
            "templates/site.conf",
            "The file with {{NAME=otherwise}} where a stored value goes, {{version}}, {{site.address}} and {{data}}."),
        new("LEGACY_TEMPLATE", "the TEMPLATE", "The template of the application that LEGACY_COMMAND runs."),
        new("CONFIG_FILE", "site.conf in SAMPLES_DATA", "The file that the application reads."),
        new("CHECK_COMMAND", "none", "Says with exit code 0 whether the application would take {file}; {data} is filled in, too."),
        new("LEGACY_CHECK_COMMAND", "the CHECK_COMMAND", "The same for the application that LEGACY_COMMAND runs."),
        new(
            "VERSION_PATH",
            "/version",
            "Where the application says which version it has; empty where it does not, and then SIGHUP has to be enough."),
        new("TAKEN_SECONDS", "10", "How long the application may take to have a version before it is taken back."),
        SiteAddress.Setting,
        .. AppProcess.Settings,
        new("APP_PORT", "5402", "The port of GET /configuration, /healthz and /readyz."),
        PodFiles.FolderSetting,
    ]);

    /// <summary>The store's name.</summary>
    public required string Store { get; init; }

    /// <summary>What becomes of values.</summary>
    public required ConfigTemplate Template { get; init; }

    /// <summary>The live file.</summary>
    public required string File { get; init; }

    /// <summary>The command that tries a file; null for none.</summary>
    public required string? Check { get; init; }

    /// <summary>Where the version is told; null for nowhere.</summary>
    public required string? VersionPath { get; init; }

    /// <summary>How long a version may take.</summary>
    public required TimeSpan Patience { get; init; }

    /// <summary>Where the application is.</summary>
    public required SiteAddress Site { get; init; }

    /// <summary>The shared folder.</summary>
    public required PodFiles Files { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static ConfigOptions From(IConfiguration configuration)
    {
        var files = PodFiles.From(configuration);
        var path = configuration["VERSION_PATH"] ?? "/version";
        return new ConfigOptions
        {
            Store = configuration["CONFIG_STORE"] ?? "configstore",
            Template = Read(Set(configuration, "LEGACY_TEMPLATE") ?? Set(configuration, "TEMPLATE") ?? "templates/site.conf"),
            File = Set(configuration, "CONFIG_FILE") ?? files.Configuration,
            Check = Set(configuration, "LEGACY_CHECK_COMMAND") ?? Set(configuration, "CHECK_COMMAND"),
            VersionPath = path is "" or ['/', ..]
                ? (path == "" ? null : path)
                : throw new WrongSettingException($"VERSION_PATH is '{path}'; give a path such as /version."),
            Patience = configuration.Seconds("TAKEN_SECONDS", 10, 0.1, 600),
            Site = new SiteAddress(Set(configuration, "SITE"), files.Address),
            Files = files,
        };
    }

    private static string? Set(IConfiguration configuration, string name) => configuration[name] is { Length: > 0 } value ? value : null;

    private static ConfigTemplate Read(string path)
    {
        try
        {
            return new ConfigTemplate(System.IO.File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new WrongSettingException($"TEMPLATE is '{path}', which cannot be read: {error.Message}");
        }
    }
}
