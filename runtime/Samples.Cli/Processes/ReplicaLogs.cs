using System.Collections.Concurrent;
using Spectre.Console;

namespace Samples.Cli.Processes;

/// <summary>Log lines of replicas: kept in a file each, and on the console where wanted, with a coloured name before each line.</summary>
internal sealed class ReplicaLogs(string folder, IAnsiConsole? console) : IDisposable
{
    private static readonly Color[] Colours =
        [Color.DeepSkyBlue2, Color.Green3, Color.Orange1, Color.MediumPurple2, Color.Gold1, Color.Turquoise2, Color.HotPink, Color.Chartreuse3];

    private readonly ConcurrentDictionary<string, StreamWriter> _files = new();
    private readonly ConcurrentDictionary<string, Color> _colours = new();
    private readonly Lock _gate = new();

    /// <summary>Where the files are.</summary>
    public string Folder => folder;

    public void Write(string replica, string line)
    {
        lock (_gate)
        {
            _files.GetOrAdd(replica, Open).WriteLine(line);
            if (console is null)
                return;
            var colour = _colours.GetOrAdd(replica, _ => Colours[_colours.Count % Colours.Length]);
            console.Write(new Text(replica.PadRight(18) + " ", new Style(colour)));
            console.Profile.Out.Writer.WriteLine(line);
        }
    }

    private StreamWriter Open(string replica)
    {
        Directory.CreateDirectory(folder);
        return new StreamWriter(Path.Combine(folder, replica + ".log"), append: true) { AutoFlush = true };
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var file in _files.Values)
                file.Dispose();
            _files.Clear();
        }
    }
}
