using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Samples.TopzSidecar;

/// <summary>
/// The processes as Linux tells them in <c>/proc</c> (proc_pid_stat(5)): all of the process namespace that this process is in.
/// </summary>
public sealed partial class ProcFolder(string root) : IProcessTable
{
    private const int ClockTicks = 2, LongestCommand = 4096;

    private static readonly double TicksPerSecond = Math.Max(1, Ask(ClockTicks));

    /// <inheritdoc/>
    public long TotalMemory { get; } = ReadTotal(Path.Combine(root, "meminfo"));

    /// <inheritdoc/>
    public IReadOnlyList<ProcessReading> Read()
    {
        var all = new List<ProcessReading>();
        foreach (var folder in Directory.EnumerateDirectories(root).Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            try
            {
                all.Add(Parse(ReadAll(Path.Combine(folder, "stat")), ReadAll(Path.Combine(folder, "cmdline"))));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
            {
                // It has ended, perhaps while it was read.
            }
        }

        return all;
    }

    /// <summary>
    /// Makes sense of the two files. The name stands in brackets and may hold brackets, blanks and line breaks itself: the last bracket
    /// ends it. Throws <see cref="FormatException"/> for what is not whole.
    /// </summary>
    public static ProcessReading Parse(byte[] stat, byte[] commandLine)
    {
        var text = Encoding.UTF8.GetString(stat);
        var (open, close) = (text.IndexOf('('), text.LastIndexOf(')'));
        if (open < 1 || close < open || close + 2 >= text.Length)
            throw new FormatException("A stat file has a name in brackets.");
        var fields = text[(close + 2)..].Split(' ');
        if (fields.Length < 22)
            throw new FormatException("A stat file has 52 fields.");
        long Number(int field) => long.Parse(fields[field - 3], CultureInfo.InvariantCulture);
        // utime and stime; rss counts pages.
        return new ProcessReading(int.Parse(text.AsSpan(0, open), CultureInfo.InvariantCulture), (int)Number(4), Number(22), fields[0][0],
            TimeSpan.FromSeconds((Number(14) + Number(15)) / TicksPerSecond), Number(24) * Environment.SystemPageSize,
            Command(commandLine, text[(open + 1)..close]));
    }

    // One line a process, whatever a command line holds.
    private static string Command(byte[] commandLine, string name)
    {
        var words = Encoding.UTF8.GetString(commandLine.AsSpan().TrimEnd((byte)0)).Replace('\0', ' ');
        var command = words.Length == 0 ? $"[{name}]" : words;
        return string.Concat(command.Select(c => char.IsControl(c) ? ' ' : c));
    }

    // Files in /proc have no length.
    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        var content = new byte[LongestCommand];
        return content[..file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false)];
    }

    private static long ReadTotal(string path) => File.Exists(path)
        ? long.Parse(
            File.ReadLines(path).First(l => l.StartsWith("MemTotal:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024
        : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial nint Ask(int name);
}
