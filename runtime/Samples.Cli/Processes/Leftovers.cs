using System.Globalization;

namespace Samples.Cli.Processes;

/// <summary>What commands that were killed could not take away themselves. Their process ids are in the names.</summary>
internal static class Leftovers
{
    /// <summary>Folders in a folder whose names are a prefix, the id of a process that is gone, and perhaps a '-' and more.</summary>
    public static IReadOnlyList<string> In(string folder, string prefix) =>
    [
        .. (Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, prefix + "*") : [])
            .Where(path => OwnerOf(Path.GetFileName(path)[prefix.Length..]) is { } pid && IsGone(pid, path)),
    ];

    /// <summary>Removes a folder with all that is in it, as far as that is possible now.</summary>
    public static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Gone already; or something holds a file of it for a moment longer, and the next start gets it.
        }
    }

    /// <summary>Sockets and pipes that .NET makes for debuggers of a process, and removes only where that ends in order.</summary>
    public static void RemoveDiagnostics(int pid)
    {
        foreach (var pattern in new[] { $"dotnet-diagnostic-{pid}-*", $"clr-debug-pipe-{pid}-*" })
        {
            foreach (var file in Directory.EnumerateFiles(Path.GetTempPath(), pattern))
            {
                try
                {
                    File.Delete(file);
                }
                catch (Exception error) when (error is IOException or UnauthorizedAccessException)
                {
                    // Somebody else's.
                }
            }
        }
    }

    private static int? OwnerOf(string name) =>
        int.TryParse(name.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    // A process that began after the folder was made has the number of the one that made it.
    private static bool IsGone(int pid, string path) =>
        Native.StartOf(pid) is not { } began || began > Directory.GetCreationTimeUtc(path) + TimeSpan.FromSeconds(2);
}
