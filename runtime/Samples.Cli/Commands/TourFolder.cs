using Samples.Cli.Processes;

namespace Samples.Cli.Commands;

/// <summary>
/// The data of one tour, <c>tour-PROCESS-PATTERN</c> in the folder of all data. It is removed with the tour, after SIGKILL by the next one;
/// a kept one stays until somebody removes it.
/// </summary>
internal static class TourFolder
{
    private const string Prefix = "tour-", Mark = "unfinished";

    public static string Create(Repository repository, string pattern)
    {
        foreach (var left in Leftovers.In(repository.Data, Prefix).Where(f => File.Exists(Path.Combine(f, Mark))))
            Leftovers.Remove(left);
        var folder = Directory.CreateDirectory(Path.Combine(repository.Data, $"{Prefix}{Environment.ProcessId}-{pattern}")).FullName;
        File.WriteAllText(Path.Combine(folder, Mark), "");
        return folder;
    }

    public static void Keep(string folder) => File.Delete(Path.Combine(folder, Mark));

    public static void Delete(string folder) => Leftovers.Remove(folder);
}
