using System.Buffers.Binary;
using SkiaSharp;

namespace Samples.Thumbnailer;

/// <summary>The orientation in a PNG's <c>eXIf</c> chunk (PNG 3rd edition, 11.3.4.5), which the decoder does not look at.</summary>
internal static class PngOrientation
{
    private const int SignatureLength = 8, LongestExif = 1 << 20, EntryLength = 12;
    private const ushort OrientationTag = 0x0112, Short = 3;
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Upright where there is no such chunk, or one that makes no sense.</summary>
    public static SKEncodedOrigin Of(string file)
    {
        using var stream = File.OpenRead(file);
        using var reader = new BinaryReader(stream);
        return reader.ReadBytes(SignatureLength).AsSpan().SequenceEqual(Signature) && FindExif(stream, reader) is { } exif
            ? OrientationIn(exif)
            : SKEncodedOrigin.TopLeft;
    }

    private static byte[]? FindExif(FileStream stream, BinaryReader reader)
    {
        // A chunk: length, type, content, checksum.
        while (reader.ReadBytes(8) is { Length: 8 } header)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(header);
            if (header.AsSpan(4).SequenceEqual("eXIf"u8))
                return length <= LongestExif ? reader.ReadBytes((int)length) : null;
            stream.Seek(length + 4L, SeekOrigin.Current);
        }

        return null;
    }

    // TIFF 6.0, section 2: a header that says the byte order and where the first directory is, and entries of 12 bytes in it.
    private static SKEncodedOrigin OrientationIn(ReadOnlySpan<byte> exif)
    {
        if (exif.Length < 8)
            return SKEncodedOrigin.TopLeft;
        var isLittle = exif[0] == 'I';
        var directory = Number(exif[4..], isLittle);
        if (directory > exif.Length - 2)
            return SKEncodedOrigin.TopLeft;
        var entries = exif[((int)directory + 2)..];
        for (var left = Half(exif[(int)directory..], isLittle); left > 0 && entries.Length >= EntryLength; left--)
        {
            if (Half(entries, isLittle) == OrientationTag && Half(entries[2..], isLittle) == Short)
                return Half(entries[8..], isLittle) is >= 1 and <= 8 and var value ? (SKEncodedOrigin)value : SKEncodedOrigin.TopLeft;
            entries = entries[EntryLength..];
        }

        return SKEncodedOrigin.TopLeft;
    }

    private static ushort Half(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Number(ReadOnlySpan<byte> bytes, bool isLittle) =>
        isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
