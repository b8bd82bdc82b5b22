namespace Samples.Cli.Processes;

/// <summary>
/// Where the processes of one run put what is temporary: their TMPDIR, in the data folder of the run. It is removed with the run, and after
/// SIGKILL by the next start.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "tmp-", PrefixElsewhere = "samples-tmp-";

    // A Unix domain socket's path ends before 108 bytes, and .NET's for diagnostics takes 46 of them after the folder.
    private const int Longest = 60;

    private TemporaryFolder(string path) => Path = path;

    public string Path { get; }

    /// <summary>
    /// Makes the folder of this process in a data folder, or in the system's where paths of sockets would be too long there.
    /// </summary>
    public static TemporaryFolder Create(string data)
    {
        Sweep(data);
        var path = System.IO.Path.Combine(data, $"{Prefix}{Environment.ProcessId}");
        if (path.Length > Longest)
            path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{PrefixElsewhere}{Environment.ProcessId}");
        return new TemporaryFolder(Directory.CreateDirectory(path).FullName);
    }

    // Those of runs that were killed.
    private static void Sweep(string data)
    {
        foreach (var (folder, prefix) in new[] { (data, Prefix), (System.IO.Path.GetTempPath(), PrefixElsewhere) })
        {
            foreach (var left in Leftovers.In(folder, prefix))
                Leftovers.Remove(left);
        }
    }

    public void Dispose() => Leftovers.Remove(Path);
}
