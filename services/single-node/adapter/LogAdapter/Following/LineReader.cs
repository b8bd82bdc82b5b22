using System.Text;

namespace Samples.LogAdapter.Following;

/// <summary>A line without its end.</summary>
/// <param name="Text">What it says.</param>
/// <param name="IsCut">True when it was longer than allowed.</param>
/// <param name="Begin">Where in its file it begins, in bytes.</param>
internal readonly record struct Line(string Text, bool IsCut, long Begin = 0);

/// <summary>
/// Makes lines of bytes as they come. A line without its end waits for it. One that is too long is kept as far as allowed, and the rest is
/// skipped: it is no record of its own.
/// </summary>
/// <param name="mostBytes">The longest line.</param>
/// <param name="begin">Where in the file the first byte is.</param>
internal sealed class LineReader(int mostBytes, long begin = 0)
{
    private readonly List<byte> _open = [];
    private long _next = begin;
    private bool _isCut;

    /// <summary>Where the line begins that has no end yet; the next byte's place when there is none.</summary>
    public long Begin { get; private set; } = begin;

    /// <summary>Lines that end in these bytes.</summary>
    public IEnumerable<Line> Add(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            Keep(bytes.Span[..end]);
            bytes = bytes[(end + 1)..];
            _next++;
            yield return Take();
        }

        Keep(bytes.Span);
    }

    /// <summary>The line that never got its end, because its file is finished; null when there is none.</summary>
    public Line? End() => _open.Count > 0 || _isCut ? Take() : null;

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var room = mostBytes - _open.Count;
        _next += bytes.Length;
        _isCut |= bytes.Length > room;
        _open.AddRange(bytes.Length > room ? bytes[..Math.Max(room, 0)] : bytes);
    }

    private Line Take()
    {
        var line = new Line(Encoding.UTF8.GetString([.. _open]).TrimEnd('\r'), _isCut, Begin);
        _open.Clear();
        (_isCut, Begin) = (false, _next);
        return line;
    }
}
