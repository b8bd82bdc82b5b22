using System.Runtime.InteropServices;

namespace Samples.Files;

/// <summary>
/// A folder of somebody's may hold anything. Opening a named pipe waits for a writer who may never come, and a device may never end: so
/// what a path is, is asked before it is opened.
/// </summary>
public static partial class RegularFiles
{
    // statx(2): its layout is the same on every architecture, which stat(2)'s is not.
    private const int CurrentFolder = -100, FollowLinks = 0, Size = 256, ModeAt = 28;
    private const uint WantType = 1;
    private const ushort TypeMask = 0xF000, Regular = 0x8000;

    /// <summary>
    /// True for a file with content of its own, or a link to one; false for pipes, sockets, devices and folders, and where there is
    /// nothing.
    /// </summary>
    /// <remarks>Only Linux is asked what a special file is; elsewhere everything that is no folder counts as regular.</remarks>
    public static bool IsRegular(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.Exists(path);
        Span<byte> about = stackalloc byte[Size];
        return StatX(CurrentFolder, path, FollowLinks, WantType, about) == 0
            && (MemoryMarshal.Read<ushort>(about[ModeAt..]) & TypeMask) == Regular;
    }

    /// <summary>True where it is a regular file that this process may read.</summary>
    public static bool IsReadable(string path)
    {
        if (!IsRegular(path))
            return false;
        try
        {
            // Whoever writes it may go on.
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint wanted, Span<byte> about);
}
