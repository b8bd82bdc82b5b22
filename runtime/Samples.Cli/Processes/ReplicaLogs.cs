using System.Text.RegularExpressions;
using Samples.Cli.RunTemplate;
using Spectre.Console;

namespace Samples.Cli.Processes;

/// <summary>
/// Log lines of replicas: kept in a file each, and on the console where wanted, with a coloured name before each line and the level of a
/// line coloured. A run begins its files anew; the one before, and what is over the limit, is kept once as <c>NAME.log.old</c>.
/// </summary>
internal sealed partial class ReplicaLogs(string folder, IAnsiConsole? console) : IDisposable
{
    private const long Limit = 16 << 20;

    private readonly Dictionary<string, StreamWriter> _files = [];
    private readonly Dictionary<string, LogDestination> _destinations = [];
    private readonly Lock _gate = new();
    private bool _closed;

    /// <summary>Where the files are.</summary>
    public string Folder => folder;

    /// <summary>Where the lines of an application's replicas go: by app id, or <c>sidecar.APP-ID</c> for those of its sidecars.</summary>
    public void Direct(string source, LogDestination destination)
    {
        lock (_gate)
            _destinations[source] = destination;
    }

    public void Write(string replica, string line) => Write(replica, line, replica);

    /// <summary>Writes a line of <paramref name="replica"/>; <paramref name="source"/> decides where it goes.</summary>
    public void Write(string replica, string line, string source)
    {
        lock (_gate)
        {
            if (_closed)
                return;
            var destination = DestinationOf(source);
            if (destination.HasFlag(LogDestination.File))
                Keep(replica, line);
            if (console is not null && destination.HasFlag(LogDestination.Console))
                LogLine.Show(console, replica, line);
        }
    }

    // Replicas of one application share its destination.
    private LogDestination DestinationOf(string source) =>
        _destinations.TryGetValue(source, out var exact) ? exact
        : _destinations.GetValueOrDefault(Number().Replace(source, ""), LogDestination.FileAndConsole);

    private void Keep(string replica, string line)
    {
        if (!_files.TryGetValue(replica, out var file) || file.BaseStream.Position > Limit)
        {
            file?.Dispose();
            Directory.CreateDirectory(folder);
            var path = Path.Combine(folder, replica + ".log");
            if (File.Exists(path))
                File.Move(path, path + ".old", overwrite: true);
            // Others may read, and take it away.
            var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            _files[replica] = file = new StreamWriter(stream) { AutoFlush = true };
        }

        file.WriteLine(line);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            foreach (var file in _files.Values)
                file.Dispose();
            _files.Clear();
        }
    }

    [GeneratedRegex("-[0-9]+$")]
    private static partial Regex Number();
}
