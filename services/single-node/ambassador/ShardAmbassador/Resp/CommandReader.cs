namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// Finds commands in a stream that arrives in pieces of any size. It remembers how far it has looked, so that a command that comes
/// byte by byte costs no more than one that comes whole. It copies nothing of what programs send: arguments are ranges in the caller's
/// buffer.
/// </summary>
/// <remarks>A command is an array of bulk strings, or a line of words as people type it into <c>telnet</c>.</remarks>
public sealed class CommandReader(RespLimits limits)
{
    // One huge command must not hold memory for the rest of its client's life.
    private const int KeptArguments = 1024;

    private readonly InlineWords _words = new();
    private (int Offset, int Length)[] _arguments = new (int, int)[8];
    private int _position, _expected = -1;

    /// <summary>Arguments of the command found, its name included.</summary>
    public int Count { get; private set; }

    /// <summary>True when the command found was a line of words, which is no form to send on.</summary>
    public bool IsInline { get; private set; }

    /// <summary>One argument; <paramref name="buffer"/> begins where the command does.</summary>
    public ReadOnlySpan<byte> Argument(ReadOnlySpan<byte> buffer, int index) =>
        (IsInline ? _words.Bytes : buffer).Slice(_arguments[index].Offset, _arguments[index].Length);

    /// <summary>
    /// Looks for the end of the command at the start of <paramref name="buffer"/>. False when more bytes must come: call again with the
    /// same bytes and those after them. After true, the next call begins a new command.
    /// </summary>
    /// <exception cref="RespException">Nothing that follows can be understood: answer and close.</exception>
    public bool TryRead(ReadOnlySpan<byte> buffer, out int length)
    {
        length = 0;
        if (_expected < 0 && !TryBegin(buffer))
            return false;
        if (!IsInline)
        {
            while (Count < _expected)
            {
                if (!TryReadArgument(buffer))
                    return false;
            }
        }

        length = _position;
        (_position, _expected) = (0, -1);
        return true;
    }

    private bool TryBegin(ReadOnlySpan<byte> buffer)
    {
        Count = 0;
        IsInline = false;
        if (_arguments.Length > KeptArguments)
            _arguments = new (int, int)[8];
        if (buffer.IsEmpty)
            return false;
        if (buffer[0] != '*')
            return TryReadInline(buffer);
        if (!RespNumber.TryReadLine(buffer, 1, out var count, out var next))
            return false;
        if (count > limits.Arguments)
            throw new RespException("Protocol error: invalid multibulk length");
        (_expected, _position) = ((int)Math.Max(count, 0), next);
        return true;
    }

    private bool TryReadArgument(ReadOnlySpan<byte> buffer)
    {
        if (_position >= buffer.Length)
            return false;
        if (buffer[_position] != '$')
            throw new RespException($"Protocol error: expected '$', got '{Printable(buffer[_position])}'");
        if (!RespNumber.TryReadLine(buffer, _position + 1, out var size, out var start))
            return false;
        // Refused before the bytes come: nobody makes the ambassador set memory aside by announcing a length.
        if (size < 0 || size > limits.Bytes || start + size + 2 > limits.Bytes)
            throw new RespException("Protocol error: invalid bulk length");
        var end = start + (int)size;
        if (buffer.Length < end + 2)
            return false;
        if (buffer[end] != '\r' || buffer[end + 1] != '\n')
            throw new RespException("Protocol error: a bulk string does not end where its length says");
        Add(start, (int)size);
        _position = end + 2;
        return true;
    }

    private bool TryReadInline(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf((byte)'\n');
        if (end < 0 && buffer.Length < RespLimits.Line)
            return false;
        if (end is < 0 or >= RespLimits.Line)
            throw new RespException("Protocol error: too big inline request");
        if (!_words.TryRead(buffer[..end], Add))
            throw new RespException("Protocol error: unbalanced quotes in request");
        IsInline = true;
        _expected = Count;
        _position = end + 1;
        return true;
    }

    private void Add(int offset, int length)
    {
        if (Count == _arguments.Length)
            Array.Resize(ref _arguments, _arguments.Length * 2);
        _arguments[Count++] = (offset, length);
    }

    private static char Printable(byte b) => b is > 32 and < 127 ? (char)b : '?';
}
