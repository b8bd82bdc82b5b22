using System.Globalization;
using System.Net.NetworkInformation;

namespace Samples.Cli.Processes;

/// <summary>TCP ports that are listened on, and by which process where the system tells: on Linux, of one's own processes.</summary>
internal static class Listeners
{
    private const string Listening = "0A";
    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>A description of the owner by port.</summary>
    public static IReadOnlyDictionary<int, string> Find()
    {
        var found = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(e => e.Port).Distinct()
            .ToDictionary(p => p, _ => "a process of somebody else");
        if (!OperatingSystem.IsLinux())
            return found.ToDictionary(f => f.Key, _ => "in use");
        var sockets = Sockets();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
        {
            foreach (var port in PortsOf(process, sockets))
                found[port] = $"{CommandOf(process)} (process {Path.GetFileName(process)})";
        }

        return found;
    }

    // Columns of /proc/net/tcp: 1 is the local address with the port in hexadecimal, 3 the state, 9 the socket's inode.
    private static Dictionary<string, int> Sockets()
    {
        var sockets = new Dictionary<string, int>();
        foreach (var table in Tables.Where(File.Exists))
        {
            var rows = File.ReadLines(table).Skip(1).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            foreach (var columns in rows.Where(c => c[3] == Listening))
                sockets[$"socket:[{columns[9]}]"] = int.Parse(
                    columns[1].AsSpan(columns[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return sockets;
    }

    private static List<int> PortsOf(string process, Dictionary<string, int> sockets)
    {
        try
        {
            return
            [
                .. Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Select(TargetOf).Where(sockets.ContainsKey)
                    .Select(name => sockets[name])
            ];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It ended, or belongs to somebody else.
            return [];
        }
    }

    private static string TargetOf(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name ?? "";
        }
        catch (IOException)
        {
            // Closed between the list and the question.
            return "";
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            // Of `dotnet /long/path/X.dll` the X.dll says most.
            var words = File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
            return string.Join(' ', words.Take(2).Select(Path.GetFileName));
        }
        catch (IOException)
        {
            return "a process that ends";
        }
    }
}
