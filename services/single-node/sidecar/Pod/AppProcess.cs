using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Configuration;
using Samples.Parameters;

namespace Samples.Pod;

/// <summary>
/// The application's process, as its sidecars see it. All containers of a pod see all its processes where they share the process namespace
/// (Kubernetes: <c>shareProcessNamespace</c>, Compose: <c>pid</c>); on one machine they do anyway. The application writes its id to a file,
/// as daemons do. A file that outlived its process is not believed: the id may be somebody else's by now.
/// </summary>
public sealed partial class AppProcess(string pidFile, string? name)
{
    // The file is written a moment after the process began; clocks of files and processes differ by a tick.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("PID_FILE", "site.pid in SAMPLES_DATA", "The file into which the application writes its process id."),
        new(
            "PROCESS_NAME",
            "any",
            "The name that the process must have besides; without a PID_FILE that is there, the oldest process of that name is taken."),
    ];

    /// <summary>Reads the settings.</summary>
    public static AppProcess From(IConfiguration configuration) => new(
        configuration["PID_FILE"] is { Length: > 0 } file ? file : PodFiles.From(configuration).Pid,
        configuration["PROCESS_NAME"] is { Length: > 0 } name ? name : null);

    /// <summary>Its id; null where it does not run or cannot be told.</summary>
    public int? Find() => FromFile() ?? (name is null || File.Exists(pidFile) ? null : Oldest(name));

    /// <summary>Asks it to read its configuration again (SIGHUP). False where there is no such process.</summary>
    public bool Reload()
    {
        if (OperatingSystem.IsWindows() || Find() is not { } pid)
            return false;
        return Kill(pid, HangUp) == 0;
    }

    private int? FromFile()
    {
        try
        {
            if (!int.TryParse(File.ReadAllText(pidFile).Trim(), CultureInfo.InvariantCulture, out var pid) || pid <= 1)
                return null;
            using var process = Process.GetProcessById(pid);
            var isOlder = process.StartTime.ToUniversalTime() <= File.GetLastWriteTimeUtc(pidFile) + Tolerance;
            return isOlder && (name is null || process.ProcessName == name) ? pid : null;
        }
        catch (Exception error) when (
            error is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException
            or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static int? Oldest(string name)
    {
        var all = Process.GetProcessesByName(name);
        try
        {
            return all.Where(p => p.Id != Environment.ProcessId).OrderBy(Started).FirstOrDefault()?.Id;
        }
        finally
        {
            foreach (var process in all)
                process.Dispose();
        }
    }

    private static DateTime Started(Process process)
    {
        try
        {
            return process.StartTime;
        }
        catch (Exception error) when (error is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It has ended meanwhile.
            return DateTime.MaxValue;
        }
    }

    private const int HangUp = 1;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
