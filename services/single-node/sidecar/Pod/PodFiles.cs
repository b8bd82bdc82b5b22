using Microsoft.Extensions.Configuration;
using Samples.Parameters;

namespace Samples.Pod;

/// <summary>
/// Where the application and its sidecars find each other: files in a folder that all containers of the pod have (an emptyDir, a volume,
/// the data folder of a run).
/// </summary>
/// <param name="Folder">The shared folder.</param>
public sealed record PodFiles(string Folder)
{
    /// <summary>The setting that names the folder.</summary>
    public static Setting FolderSetting { get; } = new(
        "SAMPLES_DATA", ".samples/sidecar", "The folder that the application and its sidecars share.");

    /// <summary>The application's configuration.</summary>
    public string Configuration => Path.Combine(Folder, "site.conf");

    /// <summary>The application's access log.</summary>
    public string AccessLog => Path.Combine(Folder, "access.log");

    /// <summary>The application's process id, written by itself as daemons do.</summary>
    public string Pid => Path.Combine(Folder, "site.pid");

    /// <summary>
    /// Where the application listens, such as <c>127.0.0.1:5400</c>: in a pod that is agreed, in a run with free ports it is not.
    /// </summary>
    public string Address => Path.Combine(Folder, "site.address");

    /// <summary>The folder that the application serves: versions, and a link <c>current</c>.</summary>
    public string Published => Path.Combine(Folder, "www");

    /// <summary>Reads where they are.</summary>
    public static PodFiles From(IConfiguration configuration) =>
        new(Path.GetFullPath(configuration["SAMPLES_DATA"] is { Length: > 0 } folder ? folder : FolderSetting.Otherwise));
}
