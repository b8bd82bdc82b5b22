using System.Globalization;
using Samples.Cli.Processes;

namespace Samples.Cli.Commands;

/// <summary>The folder of one tour, <c>tour-PROCESS-PATTERN</c>: removed afterwards, or by the next tour where this one was killed.</summary>
internal static class TourFolder
{
    /// <summary>Put into a folder that is to be kept.</summary>
    private const string Kept = "kept";

    public static string Create(string parent, string pattern)
    {
        Directory.CreateDirectory(parent);
        foreach (var old in Directory.EnumerateDirectories(parent, "tour-*").Where(IsAbandoned))
            Delete(old);
        return Directory.CreateDirectory(Path.Combine(parent, $"tour-{Environment.ProcessId}-{pattern}")).FullName;
    }

    public static void Keep(string folder) => File.WriteAllText(Path.Combine(folder, Kept), "");

    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (IOException)
        {
            // Something holds a file of it for a moment longer: the next tour removes it.
        }
    }

    private static bool IsAbandoned(string folder)
    {
        if (File.Exists(Path.Combine(folder, Kept)) || !int.TryParse(Path.GetFileName(folder).Split('-')[1], CultureInfo.InvariantCulture, out var pid))
            return false;
        return Native.StartOf(pid) is not { } start || start > Directory.GetCreationTimeUtc(folder).AddSeconds(1);
    }
}
