using System.Diagnostics;

namespace Samples.Lab.Measuring;

/// <summary>
/// Processor time that processes have used, for ratios: a number of milliseconds says more about the machine than about them.
/// </summary>
public static class ProcessorTime
{
    // What /proc counts in: measure for some hundred milliseconds at least.
    private const double TicksPerSecond = 100;

    /// <summary>Of the replicas' processes, without their sidecars. One that has ended counts as nothing.</summary>
    public static TimeSpan Of(IEnumerable<Replica> replicas) =>
        replicas.Where(r => r.Pid > 0).Aggregate(TimeSpan.Zero, (sum, replica) => sum + Of(replica.Pid));

    /// <summary>
    /// Of this process and all below it: the experiment, services, and sidecars, which are a part of this process or processes of their
    /// own.
    /// On other systems than Linux, which do not tell who started whom, of this process alone.
    /// </summary>
    public static TimeSpan OfAll() =>
        OperatingSystem.IsLinux() ? OfTree(Environment.ProcessId, Processes()) : Environment.CpuUsage.TotalTime;

    /// <summary>Of a process and all below it.</summary>
    internal static TimeSpan OfTree(int pid, IEnumerable<(int Pid, int Parent, TimeSpan Time)> processes)
    {
        var all = processes.ToList();
        var children = all.ToLookup(p => p.Parent);
        return all.Where(p => p.Pid == pid).Aggregate(TimeSpan.Zero, (sum, process) => sum + process.Time) + Below(pid);

        TimeSpan Below(int parent) => children[parent].Aggregate(TimeSpan.Zero, (sum, child) => sum + child.Time + Below(child.Pid));
    }

    /// <summary>A process with its parent and its time, from its <c>stat</c> file (proc(5)).</summary>
    internal static (int Pid, int Parent, TimeSpan Time) Parse(string stat)
    {
        // The name stands in brackets and may hold anything.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11]) + long.Parse(fields[12]);
        return (int.Parse(stat.AsSpan(0, stat.IndexOf(' '))), int.Parse(fields[1]), TimeSpan.FromSeconds(ticks / TicksPerSecond));
    }

    private static TimeSpan Of(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.TotalProcessorTime;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException)
        {
            return TimeSpan.Zero;
        }
    }

    private static IEnumerable<(int Pid, int Parent, TimeSpan Time)> Processes()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(Path.Combine(folder, "stat"));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has ended.
                continue;
            }

            yield return Parse(stat);
        }
    }
}
