namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// A command as people type it, read as Redis does (its <c>sdssplitargs</c>): words separated by spaces; <c>"…"</c> with <c>\n \r \t \b
/// \a \xHH</c> and <c>\"</c> in it; <c>'…'</c> with nothing but <c>\'</c>; a closing quote ends its word.
/// </summary>
internal sealed class InlineWords
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>The words of the last line, one after the other, without quotes and escapes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>Tells where each word of the line is in <see cref="Bytes"/>. False where the quotes don't match.</summary>
    public bool TryRead(ReadOnlySpan<byte> line, Action<int, int> add)
    {
        // Taken apart, a line is never longer than before.
        _bytes = _bytes.Length < line.Length ? new byte[line.Length] : _bytes;
        _length = 0;
        // To Redis, written in C, a zero ends the line.
        if (line.IndexOf((byte)0) is var zero and >= 0)
            line = line[..zero];
        for (var at = 0; at < line.Length;)
        {
            if (IsSpace(line[at]))
            {
                at++;
                continue;
            }

            var word = _length;
            if (!TryReadWord(line, ref at))
                return false;
            add(word, _length - word);
        }

        return true;
    }

    private bool TryReadWord(ReadOnlySpan<byte> line, ref int at)
    {
        while (at < line.Length && !IsSpace(line[at]))
        {
            var quote = line[at++];
            if (quote is not ((byte)'"' or (byte)'\''))
                _bytes[_length++] = quote;
            else if (!TryReadQuoted(line, ref at, quote) || (at < line.Length && !IsSpace(line[at])))
                return false;
        }

        return true;
    }

    private bool TryReadQuoted(ReadOnlySpan<byte> line, ref int at, byte quote)
    {
        while (at < line.Length)
        {
            var next = line[at++];
            if (next == quote)
                return true;
            _bytes[_length++] = next == '\\' && at < line.Length ? Unescape(line, ref at, quote) : next;
        }

        return false;
    }

    // At what follows a backslash.
    private static byte Unescape(ReadOnlySpan<byte> line, ref int at, byte quote)
    {
        if (quote == '\'')
        {
            if (line[at] != quote)
                return (byte)'\\';
            at++;
            return quote;
        }

        if (line[at] == 'x' && at + 2 < line.Length && char.IsAsciiHexDigit((char)line[at + 1]) && char.IsAsciiHexDigit((char)line[at + 2]))
        {
            at += 3;
            return Convert.FromHexString([(char)line[at - 2], (char)line[at - 1]])[0];
        }

        return line[at++] switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => 7,
            var other => other,
        };
    }

    private static bool IsSpace(byte character) => character is (byte)' ' or (>= 9 and <= 13);
}
