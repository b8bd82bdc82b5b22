using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Samples.ShardAmbassador.Resp;

/// <summary>Writes commands and replies into a buffer.</summary>
public static class RespWriter
{
    /// <summary>The header of an aggregate: <c>*3</c>, <c>%2</c>.</summary>
    public static void Header(IBufferWriter<byte> output, char type, long value)
    {
        var span = output.GetSpan(24);
        span[0] = (byte)type;
        Utf8Formatter.TryFormat(value, span[1..], out var digits);
        "\r\n"u8.CopyTo(span[(digits + 1)..]);
        output.Advance(digits + 3);
    }

    /// <summary>A bulk string.</summary>
    public static void Bulk(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        Header(output, '$', value.Length);
        output.Write(value);
        output.Write("\r\n"u8);
    }

    /// <summary>A bulk string of a text.</summary>
    public static void Bulk(IBufferWriter<byte> output, string value) => Bulk(output, Encoding.UTF8.GetBytes(value));

    /// <summary>A whole number.</summary>
    public static void Number(IBufferWriter<byte> output, long value) => Header(output, ':', value);

    /// <summary>No value, as the version of the protocol writes it.</summary>
    public static void Null(IBufferWriter<byte> output, int protocol) => output.Write(protocol == 3 ? "_\r\n"u8 : "$-1\r\n"u8);

    /// <summary>An error; line breaks in the message would end it early and become spaces.</summary>
    public static byte[] Error(string message) =>
        Encoding.UTF8.GetBytes(
            $"-{(message.StartsWith("Protocol", StringComparison.Ordinal) ? "ERR " : "")}{message.ReplaceLineEndings(" ")}\r\n");
}
