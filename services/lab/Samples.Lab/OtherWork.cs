using System.Globalization;

namespace Samples.Lab;

/// <summary>
/// How much of the processors is taken by what is neither this process nor any that it started, as the Linux kernel counts it. Nothing is known
/// on other systems, nor where the kernel keeps its counts to itself.
/// </summary>
internal sealed class OtherWork
{
    private const string Counts = "/proc/stat";
    private const int CountsOfProcessors = 8, Idle = 3, WaitsForDisk = 4;

    private long _total, _others;

    /// <summary>Counts from here.</summary>
    public OtherWork() => _ = TakeShare();

    /// <summary>The share of all processors' time since the last call, from 0 to 1.</summary>
    public double TakeShare()
    {
        if (!File.Exists(Counts))
            return 0;
        var (total, busy) = Processors(File.ReadLines(Counts).First());
        var others = busy - TimeOf(Environment.ProcessId, Processes());
        var share = total > _total ? (double)(others - _others) / (total - _total) : 0;
        (_total, _others) = (total, others);
        return Math.Clamp(share, 0, 1);
    }

    /// <summary>From the line of all processors in <c>/proc/stat</c>: ticks in all, and those that somebody worked in or a neighbour of this machine took.</summary>
    public static (long Total, long Busy) Processors(string line)
    {
        long[] ticks = [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(CountsOfProcessors).Select(t => long.Parse(t, CultureInfo.InvariantCulture))];
        return (ticks.Sum(), ticks.Sum() - ticks[Idle] - ticks[WaitsForDisk]);
    }

    /// <summary>A process with its parent and the ticks of it and of its children that have ended, from its <c>stat</c> file.</summary>
    public static (int Pid, int Parent, long Ticks) Process(string stat)
    {
        // The name stands in brackets and may hold anything.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (int.Parse(stat.AsSpan(0, stat.IndexOf(' ')), CultureInfo.InvariantCulture), int.Parse(fields[1], CultureInfo.InvariantCulture),
            fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)));
    }

    /// <summary>The ticks of a process and of all below it.</summary>
    public static long TimeOf(int pid, IEnumerable<(int Pid, int Parent, long Ticks)> processes)
    {
        var all = processes.ToList();
        var children = all.ToLookup(p => p.Parent);
        return all.Where(p => p.Pid == pid).Sum(p => p.Ticks) + Below(pid);

        long Below(int parent) => children[parent].Sum(child => child.Ticks + Below(child.Pid));
    }

    private static IEnumerable<(int Pid, int Parent, long Ticks)> Processes()
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

            yield return Process(stat);
        }
    }
}
