using Samples.Cli.Processes;
using Samples.Runtime.Resources;

namespace Samples.Cli.Daprd;

/// <summary>
/// The programs of a Dapr installation. Without the two servers, those that <c>dapr init</c> runs in containers take their place.
/// </summary>
/// <param name="Daprd">The sidecar.</param>
/// <param name="Placement">The server that places actors; null where it is not a program here.</param>
/// <param name="Scheduler">The server for jobs and reminders; null where it is not a program here.</param>
internal sealed record DaprPrograms(string Daprd, string? Placement, string? Scheduler)
{
    /// <summary>A folder to look in first.</summary>
    public const string FolderVariable = "DAPR_RUNTIME_PATH";

    /// <summary>Where <c>dapr init</c> makes placement and scheduler listen; on Windows it takes others.</summary>
    public static int PlacementPort => OperatingSystem.IsWindows() ? 6050 : 50005;

    /// <inheritdoc cref="PlacementPort"/>
    public static int SchedulerPort => OperatingSystem.IsWindows() ? 6060 : 50006;

    /// <summary>Whether all three are here, or the servers' containers are.</summary>
    public static bool AreComplete => Locate("daprd") is not null
        && (Locate("placement") is not null || !FreePorts.IsFree(PlacementPort))
            && (Locate("scheduler") is not null || !FreePorts.IsFree(SchedulerPort));

    /// <summary>What this machine has; <see cref="ResourceException"/> says what is missing and how to get it.</summary>
    public static DaprPrograms Require() => Locate("daprd") is { } daprd
        ? new DaprPrograms(daprd, Locate("placement"), Locate("scheduler"))
        : throw new ResourceException(
            Origin.Code, "daprd was not found on PATH, in ~/.dapr/bin or in the folder that DAPR_RUNTIME_PATH names.",
            "Install the Dapr CLI and run `dapr init --slim` (programs only) or `dapr init` (with Docker); or leave out --runtime.");

    /// <summary>Where a program of Dapr is; null where it is not.</summary>
    public static string? Locate(string program)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var named = Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder ? folder : null;
        // As in a run template's `runtimePath`, the folder may be the one that holds .dapr/bin.
        string[] places =
        [
            .. named is null
                ? []
                : new[] { Path.Combine(named, program), Path.Combine(named, "bin", program), Path.Combine(named, ".dapr", "bin", program) },
            program,
            Path.Combine(home, ".dapr", "bin", program),
        ];
        return places.Select(p => RunTemplate.Commands.Find(p, Environment.CurrentDirectory)).FirstOrDefault(p => p is not null);
    }
}
