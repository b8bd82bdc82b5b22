using System.Text;

namespace Samples.Cli.Processes;

/// <summary>Reads a log file line by line while it grows; one that was begun anew is read from its beginning.</summary>
internal sealed class LogTail(string path)
{
    private long _position;

    /// <summary>The whole lines that were added since the last time; half a line waits for its end.</summary>
    public IReadOnlyList<string> Read()
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length < _position)
                _position = 0;
            if (file.Length == _position)
                return [];
            file.Position = _position;
            var bytes = new byte[file.Length - _position];
            var read = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            var end = Array.LastIndexOf(bytes, (byte)'\n', read - 1) + 1;
            _position += end;
            return end == 0 ? [] : [.. Encoding.UTF8.GetString(bytes, 0, end - 1).Split('\n').Select(l => l.TrimEnd('\r'))];
        }
        catch (IOException)
        {
            // Taken away at this moment; its successor will be there the next time.
            return [];
        }
    }
}
