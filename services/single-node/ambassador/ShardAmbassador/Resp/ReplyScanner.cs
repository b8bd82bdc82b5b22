namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// Finds the end of a server's reply, RESP2 or RESP3, however deep it is nested and in whatever pieces it comes. It looks at lengths, not
/// at contents, and at every byte of the framing once.
/// </summary>
/// <remarks>
/// A reply that is larger than the limit is none of the connection's concern: its end is found all the same, while its bytes are let go of
/// with <see cref="Discard"/>, and only whoever asked for it gets an error.
/// </remarks>
public sealed class ReplyScanner(int limit)
{
    private int _position;
    private long _owed = 1, _skip, _discarded;

    /// <summary>True as soon as the reply at the start is known to be larger than the limit.</summary>
    public bool IsTooLarge => _discarded + _position + _skip > limit || _owed > limit;

    /// <summary>
    /// False when more bytes must come: call again with the same bytes and those after them. After true, the next call begins a new reply.
    /// </summary>
    /// <exception cref="RespException">These are no replies.</exception>
    public bool TryRead(ReadOnlySpan<byte> buffer, out int length) => TryRead(buffer, out length, out _);

    /// <summary>
    /// The same, and whether the reply found was larger than the limit: then it is not whole, and <paramref name="length"/> is what is
    /// left of it.
    /// </summary>
    public bool TryRead(ReadOnlySpan<byte> buffer, out int length, out bool isTooLarge)
    {
        length = 0;
        isTooLarge = false;
        while (_owed > 0 || _skip > 0)
        {
            if (!(_skip > 0 ? TrySkip(buffer) : TryReadElement(buffer)))
                return false;
        }

        length = _position;
        isTooLarge = IsTooLarge;
        _position = 0;
        _owed = 1;
        _discarded = 0;
        return true;
    }

    /// <summary>How many bytes at the start of the buffer may be dropped, because the reply is too large to be passed on.</summary>
    public int Discard()
    {
        if (!IsTooLarge)
            return 0;
        var done = _position;
        _discarded += done;
        _position = 0;
        return done;
    }

    private bool TrySkip(ReadOnlySpan<byte> buffer)
    {
        var here = (int)Math.Min(_skip, buffer.Length - _position);
        _position += here;
        _skip -= here;
        return _skip == 0;
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
                _position += line + 2;
                _owed--;
                return true;
            case (byte)'$' or (byte)'=' or (byte)'!':
                if (!RespNumber.TryReadLine(buffer, _position + 1, out var size, out var start))
                    return false;
                _position = start;
                _skip = size < 0 ? 0 : size + 2;
                _owed--;
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
        if (count > int.MaxValue)
            throw new RespException("a reply has more elements than there can be");
        _position = next;
        _owed += Math.Max(count, 0) * perEntry - itself;
        return true;
    }
}
