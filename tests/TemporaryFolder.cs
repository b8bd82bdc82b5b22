using System.Runtime.CompilerServices;

namespace Samples.Tests;

/// <summary>
/// What these tests, and all that they start, put into the folder for temporary files goes into one folder, which is removed at their end;
/// that of tests that were killed by the next ones.
/// </summary>
internal static class TemporaryFolder
{
    private const string Prefix = "samples-tests-";

    // So early that nobody has asked for the folder yet. The analyzer's concern is libraries: this is in programs alone.
#pragma warning disable CA2255
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Begin()
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach (var left in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*").Where(IsLeft))
            Remove(left);
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"{Prefix}{Environment.ProcessId}")).FullName;
        Environment.SetEnvironmentVariable("TMPDIR", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Remove(folder);
    }

    private static bool IsLeft(string folder) =>
        !Directory.Exists($"/proc/{Path.GetFileName(folder)[Prefix.Length..]}") && Directory.Exists("/proc");

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Other tests were faster; or a process that ends at this moment still writes, and the next tests get it.
        }
    }
}
