using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Samples.Files;

/// <summary>
/// Which file it is, whatever it is called now. On Linux the kernel says: device, inode and time of birth, because inodes come back with
/// other files. Elsewhere the time of birth alone has to do.
/// </summary>
public static partial class FileNode
{
    // statx(2): inode at 32, birth at 80, device at 136.
    private const int Size = 256, EmptyPath = 0x1000;
    private const uint Inode = 0x100, Birth = 0x800;

    /// <summary>A word for it; the same for two handles of one file.</summary>
    public static string Of(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return $"{File.GetCreationTimeUtc(file).Ticks:x}";
        var about = new byte[Size];
        if (StatX(file, "", EmptyPath, Inode | Birth, about) != 0)
            throw new IOException($"statx failed with error {Marshal.GetLastPInvokeError()}");
        ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(about.AsSpan(at));
        uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(about.AsSpan(at));
        return $"{U32(136):x}-{U32(140):x}-{U64(32):x}-{U64(80):x}.{U32(88):x}";
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle file, string path, int flags, uint wanted, byte[] about);
}
