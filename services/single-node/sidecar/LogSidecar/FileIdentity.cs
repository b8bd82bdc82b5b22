using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Samples.LogSidecar;

/// <summary>
/// Which file it is, whatever it is called now. On Linux the kernel says: device, inode and time of birth, because inodes come back.
/// Elsewhere the time of birth alone has to do. Beside it stands how the file begins, for a file that was copied, and for file systems that
/// know no birth.
/// </summary>
/// <param name="Node">What the file system says.</param>
/// <param name="HeadLength">How many of its first bytes were looked at.</param>
/// <param name="Head">A digest of them.</param>
public sealed partial record FileIdentity(string Node, int HeadLength, string Head)
{
    /// <summary>As many first bytes as tell two logs apart: a few lines with their times.</summary>
    public const int LongestHead = 1024;

    /// <summary>Reads who an opened file is.</summary>
    public static FileIdentity Read(SafeFileHandle file)
    {
        var (length, digest) = HeadOf(file, LongestHead);
        return new FileIdentity(NodeOf(file), length, digest);
    }

    /// <summary>A file with these first bytes.</summary>
    public static FileIdentity OfHead(string node, ReadOnlySpan<byte> head) => new(node, head.Length, Digest(head));

    /// <summary>True for a file that began as this one did: the file itself, or a copy.</summary>
    public bool BeginsLike(SafeFileHandle file) => HeadLength > 0 && HeadOf(file, HeadLength) == (HeadLength, Head);

    /// <summary>True for two files whose first bytes are the same, as many as are asked for.</summary>
    public static bool HaveSameBeginning(SafeFileHandle one, SafeFileHandle other, long length)
    {
        var (left, right) = (new byte[64 * 1024], new byte[64 * 1024]);
        for (var at = 0L; at < length;)
        {
            var take = (int)Math.Min(left.Length, length - at);
            if (Fill(one, left.AsSpan(0, take), at) < take || Fill(other, right.AsSpan(0, take), at) < take
                || !left.AsSpan(0, take).SequenceEqual(right.AsSpan(0, take)))
                return false;
            at += take;
        }

        return true;
    }

    private static (int Length, string Digest) HeadOf(SafeFileHandle file, int most)
    {
        var head = new byte[most];
        var length = Fill(file, head, 0);
        return (length, Digest(head.AsSpan(0, length)));
    }

    private static int Fill(SafeFileHandle file, Span<byte> bytes, long at)
    {
        var (length, read) = (0, 0);
        while (length < bytes.Length && (read = RandomAccess.Read(file, bytes[length..], at + length)) > 0)
            length += read;
        return length;
    }

    private static string Digest(ReadOnlySpan<byte> head) => head.Length == 0 ? "" : Convert.ToHexStringLower(SHA256.HashData(head))[..16];

    /// <summary>What the file system says. Throws <see cref="IOException"/> where it does not.</summary>
    public static string NodeOf(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return $"{File.GetCreationTimeUtc(file).Ticks:x}";
        // struct statx has the same layout on every architecture: inode at 32, birth at 80, device at 136.
        var answer = new byte[256];
        if (Statx(file, "", TheFileItself, Inode | Birth, answer) != 0)
            throw new IOException($"A log cannot be told apart from others: error {Marshal.GetLastPInvokeError()}.");
        ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(answer.AsSpan(at));
        uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(at));
        return $"{U32(136):x}-{U32(140):x}-{U64(32):x}-{U64(80):x}.{U32(88):x}";
    }

    private const int TheFileItself = 0x1000;
    private const uint Inode = 0x100, Birth = 0x800;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(SafeFileHandle folder, string path, int flags, uint mask, byte[] answer);
}
