using System.Diagnostics;

namespace Samples.Conformance.Daprd;

/// <summary>
/// The executables of a real Dapr, named by <c>DAPRD</c>, <c>PLACEMENT</c> and <c>SCHEDULER</c>; without <c>DAPRD</c> the embedded runtime
/// is tested. The two others may lie beside the first.
/// </summary>
internal static class Executables
{
    public static bool AreGiven { get; } = Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 };

    /// <summary>
    /// True for a real daprd; the drop-in for it says in its version what it is, and is held to what the embedded runtime is.
    /// </summary>
    public static bool AreReal { get; } = AreGiven && !Version().EndsWith("-samples", StringComparison.Ordinal);

    public static string Sidecar => Find("DAPRD");

    public static string Placement => Find("PLACEMENT");

    public static string Scheduler => Find("SCHEDULER");

    private static string Find(string variable) =>
        new[] { Environment.GetEnvironmentVariable(variable), Beside(variable.ToLowerInvariant()) }
            .FirstOrDefault(p => p is { Length: > 0 } && File.Exists(p)) is { } path
        ? Path.GetFullPath(path)
        : throw new InvalidOperationException(
            $"{variable} names no file. To test a real Dapr, set DAPRD, PLACEMENT and SCHEDULER to the paths of its executables.");

    private static string Version()
    {
        using var process = Process.Start(new ProcessStartInfo(Sidecar, "--version") { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd().Trim();
    }

    private static string? Beside(string program) =>
        Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 } daprd
            ? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(daprd))!, program)
            : null;
}
