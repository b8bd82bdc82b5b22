using System.Globalization;
using System.Runtime.InteropServices;

namespace Samples.Experiments.Sidecar;

/// <summary>The site's log and what rotation made of it.</summary>
internal sealed partial class SiteLog(string folder)
{
    private const int UserSignal1 = 10;

    private string Current => Path.Combine(folder, "access.log");

    /// <summary>
    /// Rename, and tell the site to open the file again: logrotate's <c>create</c>, for any daemon that knows SIGUSR1. A site that is not
    /// running opens a new file when it starts, and is told nothing: a process that does not handle the signal yet would end by it.
    /// </summary>
    /// <param name="pid">The site's process; null where it does not run.</param>
    /// <returns>False where there was nothing to rename.</returns>
    public bool Rotate(int? pid)
    {
        if (!File.Exists(Current))
            return false;
        var number = 1;
        while (File.Exists($"{Current}.{number}"))
            number++;
        for (; number > 1; number--)
            File.Move($"{Current}.{number - 1}", $"{Current}.{number}");
        File.Move(Current, $"{Current}.1");
        // It tells its id when it is ready for signals.
        if (pid is { } running && running == Told && !OperatingSystem.IsWindows())
            _ = Kill(running, UserSignal1);
        return true;
    }

    /// <summary>Lines of requests for a path, in the log and in all that it was before.</summary>
    public int Count(string path)
    {
        var sought = $"\"GET /{path} ";
        return Directory.EnumerateFiles(folder, "access.log*")
            .Sum(f => ReadShared(f).Count(l => l.Contains(sought, StringComparison.Ordinal)));
    }

    private int? Told => int.TryParse(ReadPid(), CultureInfo.InvariantCulture, out var pid) ? pid : null;

    private string ReadPid()
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "site.pid"));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static IEnumerable<string> ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        while (reader.ReadLine() is { } line)
            yield return line;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
