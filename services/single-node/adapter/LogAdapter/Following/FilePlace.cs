using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Samples.Files;

namespace Samples.LogAdapter.Following;

/// <summary>
/// How far a file was read, and which file it is, whatever it is called now. Its content says so, at its beginning and before the place: a
/// copy is another file for the file system, and one that was cut is the same. The file system decides between files that say the same.
/// </summary>
/// <param name="Node">What the file system says.</param>
/// <param name="Offset">What is before this is in finished records.</param>
/// <param name="Mark">A digest of the first bytes, and of the last ones before the offset.</param>
internal sealed partial record FilePlace(string Node, long Offset, string Mark)
{
    private const int MarkBytes = 1024;

    /// <summary>Copies of files that say less than this cannot be told from files that begin alike.</summary>
    public const int LeastOfCopy = 256;

    /// <summary>The place at an offset.</summary>
    public static FilePlace At(SafeFileHandle file, long offset) => new(FileNode.Of(file), offset, MarkOf(file, offset));

    /// <summary>Whether a file has what was read of this one.</summary>
    public bool IsIn(SafeFileHandle file) => Offset > 0 && RandomAccess.GetLength(file) >= Offset && MarkOf(file, Offset) == Mark;

    private static string MarkOf(SafeFileHandle file, long offset)
    {
        if (offset == 0)
            return "";
        var bytes = new byte[2 * MarkBytes];
        var head = Read(file, bytes.AsSpan(0, (int)Math.Min(MarkBytes, offset)), 0);
        var tail = Read(file, bytes.AsSpan(head, (int)Math.Min(MarkBytes, offset)), Math.Max(0, offset - MarkBytes));
        return Convert.ToHexStringLower(SHA256.HashData(bytes.AsSpan(0, head + tail)))[..32];
    }

    private static int Read(SafeFileHandle file, Span<byte> into, long at)
    {
        var read = 0;
        while (read < into.Length && RandomAccess.Read(file, into[read..], at + read) is > 0 and var more)
            read += more;
        return read;
    }

    /// <summary>
    /// The file of a name and those that had the name before it, the oldest first: <c>app.log.1</c>, <c>app.log-20261125</c>. What has been
    /// compressed is passed over.
    /// </summary>
    public static IReadOnlyList<string> Family(string path)
    {
        var (folder, name) = (Path.GetDirectoryName(path)!, Path.GetFileName(path));
        if (!Directory.Exists(folder))
            return [];
        return
        [
            .. new DirectoryInfo(folder).EnumerateFiles()
                .Where(f => f.Name.StartsWith(name, StringComparison.Ordinal))
                .Where(f => f.Name == name || Rotated().IsMatch(f.Name[name.Length..]))
                .Where(f => RegularFiles.IsRegular(f.FullName))
                .OrderBy(f => f.Name == name).ThenBy(f => f.LastWriteTimeUtc).ThenBy(f => f.CreationTimeUtc).Select(f => f.FullName),
        ];
    }

    [GeneratedRegex(@"^[.-]\d(?!.*\.(?:gz|bz2|xz|zst|lz4|zip|tmp|swp)$)")]
    private static partial Regex Rotated();
}
