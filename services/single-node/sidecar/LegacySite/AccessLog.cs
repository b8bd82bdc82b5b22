using System.Globalization;
using System.Text;

namespace Samples.LegacySite;

/// <summary>A line a request in Common Log Format (NCSA httpd), in a file that stays open until it is told to open it again.</summary>
public sealed class AccessLog(string path) : IDisposable
{
    private readonly Lock _gate = new();
    private FileStream _file = Open(path);

    /// <summary>Writes a line; it is in the file when this returns.</summary>
    public void Write(string host, DateTimeOffset at, string method, string target, string protocol, int status, long bytes)
    {
        var time = at.ToString("dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture).Remove(24, 1);
        // A quote would end the request for whoever reads the line.
        var line = Encoding.UTF8.GetBytes(
            $"{host} - - [{time}] \"{method} {target.Replace("\"", "%22")} {protocol}\" {status} {(bytes > 0 ? bytes : "-")}\n");
        lock (_gate)
            _file.Write(line);
    }

    /// <summary>Opens the file by its name: after it was renamed, that is a new one.</summary>
    public void Reopen()
    {
        lock (_gate)
        {
            var old = _file;
            _file = Open(path);
            old.Dispose();
        }
    }

    // Unbuffered: each line is one write at the file's end.
    private static FileStream Open(string path) =>
        new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
