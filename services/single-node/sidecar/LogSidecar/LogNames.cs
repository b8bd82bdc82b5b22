using Microsoft.Win32.SafeHandles;

namespace Samples.LogSidecar;

/// <summary>The log and what rotation made of it, as the folder has them now.</summary>
public sealed class LogNames(string file)
{
    private static readonly string[] Compressed = [".gz", ".xz", ".bz2", ".zst", ".lz4", ".zip"];

    /// <summary>Their paths, oldest first, the log itself last.</summary>
    public List<string> Paths()
    {
        var folder = Path.GetDirectoryName(file)!;
        if (!Directory.Exists(folder))
            return [];
        var files = new DirectoryInfo(folder).EnumerateFiles(Path.GetFileName(file) + "*");
        return
        [
            .. files.Where(f => f.FullName == file || IsRotated(f.FullName))
                .OrderBy(f => f.FullName == file)
                .ThenBy(f => f.LastWriteTimeUtc)
                .ThenByDescending(f => f.Name, StringComparer.Ordinal)
                .Select(f => f.FullName),
        ];
    }

    /// <summary>Opens the file that bears a name now; it may be written, renamed and deleted meanwhile. Null where none does.</summary>
    public static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private bool IsRotated(string path) =>
        path[file.Length] is '.' or '-' && !Compressed.Contains(Path.GetExtension(path).ToLowerInvariant());
}
