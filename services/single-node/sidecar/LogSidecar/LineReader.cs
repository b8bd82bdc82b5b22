using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Samples.LogSidecar;

/// <summary>
/// Cuts a file into lines from a position on. Their ends may be LF or CRLF; empty ones are passed over. One that is too long is cut, and
/// its tail is no line. One without an end is not there yet.
/// </summary>
public sealed class LineReader(string number, int longest)
{
    private const int Chunk = 256 * 1024;

    private byte[] _buffer = new byte[Chunk];

    /// <summary>
    /// The lines from an offset on, at most so many; <paramref name="isAtRest"/>: nothing will be added, and the last one needs no end.
    /// </summary>
    public IReadOnlyList<LogLine> Read(SafeFileHandle file, long offset, int most, bool isAtRest)
    {
        var lines = new List<LogLine>();
        // Where the bytes in the buffer begin, how many there are, and where the line that is being read began.
        var (at, held, begin) = (offset, 0, offset);
        while (lines.Count < most)
        {
            if (held == _buffer.Length)
            {
                if (held > longest + 2)
                    return Skip(file, lines, begin, at, isAtRest);
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = RandomAccess.Read(file, _buffer.AsSpan(held), at + held);
            held += read;
            var used = Cut(lines, most, at, held, ref begin);
            Buffer.BlockCopy(_buffer, used, _buffer, 0, held - used);
            (at, held) = (at + used, held - used);
            if (read > 0)
                continue;
            if (isAtRest && held > 0 && lines.Count < most)
                Add(lines, begin, at + held, _buffer.AsSpan(0, held));
            break;
        }

        return lines;
    }

    // The whole lines of the buffer; the result is how much they take.
    private int Cut(List<LogLine> lines, int most, long at, int held, ref long begin)
    {
        var used = 0;
        while (lines.Count < most && _buffer.AsSpan(used, held - used).IndexOf((byte)'\n') is >= 0 and var length)
        {
            var text = _buffer.AsSpan(used, length);
            used += length + 1;
            if (text.TrimEnd((byte)'\r').Length == 0)
                continue;
            Add(lines, begin, at + used, text);
            begin = at + used;
        }

        return used;
    }

    // The line is longer than the buffer: what is kept is in it, and the file is read on only to find the line's end.
    private List<LogLine> Skip(SafeFileHandle file, List<LogLine> lines, long begin, long at, bool isAtRest)
    {
        var (piece, end) = (new byte[Chunk], at + _buffer.Length);
        while (RandomAccess.Read(file, piece, end) is > 0 and var read)
        {
            var feed = piece.AsSpan(0, read).IndexOf((byte)'\n');
            end += feed < 0 ? read : feed + 1;
            if (feed < 0)
                continue;
            Add(lines, begin, end, _buffer);
            return lines;
        }

        if (isAtRest)
            Add(lines, begin, end, _buffer);
        return lines;
    }

    private void Add(List<LogLine> lines, long begin, long end, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.TrimEnd("\r\n"u8);
        var isCut = bytes.Length > longest;
        var text = Encoding.UTF8.GetString(isCut ? bytes[..longest] : bytes);
        lines.Add(new LogLine($"{number}:{begin}", number, begin, end, text, isCut, isCut ? null : AccessLine.Parse(text)));
    }
}
