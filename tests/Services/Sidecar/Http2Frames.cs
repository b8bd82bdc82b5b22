using System.Buffers.Binary;
using System.Text;

namespace Samples.Services.SidecarPattern;

/// <summary>A request in HTTP/2 byte by byte (RFC 9113, RFC 7541): a client of .NET would refuse to send what is tried here.</summary>
internal static class Http2Frames
{
    private const byte Data = 0, Headers = 1, Settings = 4, EndStream = 1, EndHeaders = 4;

    /// <summary>The preface, and a POST with a body and one header more.</summary>
    public static byte[] Post(string path, string name, string value, string body)
    {
        byte[] block =
        [
            .. Field(":method", "POST"), .. Field(":scheme", "https"), .. Field(":authority", "localhost"), .. Field(":path", path),
            .. Field(name, value),
        ];
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, []), .. Frame(Headers, EndHeaders, 1, block),
            .. Frame(Data, EndStream, 1, Encoding.Latin1.GetBytes(body)),
        ];
    }

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    // A literal that is never indexed, with a new name; lengths fit into seven bits.
    private static byte[] Field(string name, string value) => [0x10, .. Text(name), .. Text(value)];

    private static byte[] Text(string text) => [checked((byte)text.Length), .. Encoding.Latin1.GetBytes(text)];
}
