namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// Finds the end of a server's reply, RESP2 or RESP3, however deep it is nested and in whatever pieces it comes. It looks at lengths, not
/// at contents, and at every byte of the framing once.
/// </summary>
public sealed class ReplyScanner(int limit)
{
    private int _position;
    private long _owed = 1;

    /// <summary>
    /// False when more bytes must come: call again with the same bytes and those after them. After true, the next call begins a new reply.
    /// </summary>
    /// <exception cref="RespException">These are no replies, or one is larger than the limit.</exception>
    public bool TryRead(ReadOnlySpan<byte> buffer, out int length)
    {
        length = 0;
        while (_owed > 0)
        {
            if (!TryReadElement(buffer))
                return false;
        }

        length = _position;
        (_position, _owed) = (0, 1);
        return true;
    }

    // Nesting needs no stack: an aggregate only adds its elements to those that are still owed.
    private bool TryReadElement(ReadOnlySpan<byte> buffer)
    {
        if (_position >= buffer.Length)
            return false;
        switch (buffer[_position])
        {
            case (byte)'+' or (byte)'-' or (byte)':' or (byte)'_' or (byte)',' or (byte)'#' or (byte)'(':
                var line = buffer[_position..].IndexOf("\r\n"u8);
                if (line < 0)
                    return buffer.Length - _position <= RespLimits.Line ? false : throw new RespException("a line of a reply does not end");
                Advance(line + 2, elements: -1);
                return true;
            case (byte)'$' or (byte)'=' or (byte)'!':
                if (!RespNumber.TryReadLine(buffer, _position + 1, out var size, out var start))
                    return false;
                if (size > limit)
                    throw new RespException("a reply is larger than the limit");
                var whole = start - _position + (size < 0 ? 0 : (int)size + 2);
                if (buffer.Length - _position < whole)
                    return false;
                Advance(whole, elements: -1);
                return true;
            case (byte)'*' or (byte)'~' or (byte)'>':
                return TryReadAggregate(buffer, perEntry: 1, itself: 1);
            case (byte)'%':
                return TryReadAggregate(buffer, perEntry: 2, itself: 1);
            case (byte)'|':
                // Attributes come before a reply and are none.
                return TryReadAggregate(buffer, perEntry: 2, itself: 0);
            default:
                throw new RespException("a reply has an unknown type");
        }
    }

    private bool TryReadAggregate(ReadOnlySpan<byte> buffer, int perEntry, int itself)
    {
        if (!RespNumber.TryReadLine(buffer, _position + 1, out var count, out var next))
            return false;
        if (count > limit)
            throw new RespException("a reply is larger than the limit");
        Advance(next - _position, Math.Max(count, 0) * perEntry - itself);
        return true;
    }

    private void Advance(int bytes, long elements)
    {
        _position += bytes;
        _owed += elements;
        if (_position > limit || _owed > limit)
            throw new RespException("a reply is larger than the limit");
    }
}
