namespace Samples.ShardAmbassador.Resp;

/// <summary>The number in a line such as <c>*3</c> or <c>$11</c>.</summary>
internal static class RespNumber
{
    // Longer than any 64-bit number: a line that has not ended by then never will.
    private const int LongestLine = 32;

    /// <summary>Reads from <paramref name="start"/> to the end of the line. False when the line has not come whole.</summary>
    public static bool TryReadLine(ReadOnlySpan<byte> buffer, int start, out long value, out int next)
    {
        value = 0;
        next = start;
        var at = start;
        var negative = at < buffer.Length && buffer[at] == '-';
        if (negative)
            at++;
        var first = at;
        for (; at < buffer.Length && buffer[at] is >= (byte)'0' and <= (byte)'9'; at++)
        {
            if (at - first > 17)
                throw new RespException("Protocol error: a length has too many digits");
            value = value * 10 + (buffer[at] - '0');
        }

        if (at + 1 >= buffer.Length)
        {
            // Either the line is still coming, or it is wrong already.
            if (at < buffer.Length && (buffer[at] != '\r' || at == first))
                throw new RespException("Protocol error: a length is not a number");
            return at - start < LongestLine ? false : throw new RespException("Protocol error: a length has too many digits");
        }

        // As Redis reads it: a server may take what stands differently on the wire for no command, and close the connection that all share.
        if (buffer[first] == '0' && (negative || at > first + 1))
            throw new RespException("Protocol error: a length is not a number");
        if (at == first || buffer[at] != '\r' || buffer[at + 1] != '\n')
            throw new RespException("Protocol error: a length is not a number");
        value = negative ? -value : value;
        next = at + 2;
        return true;
    }
}
