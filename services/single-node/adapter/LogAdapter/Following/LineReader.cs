using System.Text;

namespace Samples.LogAdapter.Following;

/// <summary>A line without its end; <paramref name="IsCut"/> when it was longer than allowed.</summary>
internal readonly record struct Line(string Text, bool IsCut);

/// <summary>
/// Makes lines of bytes as they come. A line without its end waits for it. One that is too long is kept as far as allowed, and the rest is
/// skipped: it is no record of its own.
/// </summary>
internal sealed class LineReader(int mostBytes)
{
    private readonly List<byte> _open = [];
    private bool _isCut;

    /// <summary>Lines that end in these bytes.</summary>
    public IEnumerable<Line> Add(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            Keep(bytes.Span[..end]);
            bytes = bytes[(end + 1)..];
            yield return Take();
        }

        Keep(bytes.Span);
    }

    /// <summary>The line that never got its end, because its file is finished; null when there is none.</summary>
    public Line? End() => _open.Count > 0 || _isCut ? Take() : null;

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var room = mostBytes - _open.Count;
        _isCut |= bytes.Length > room;
        _open.AddRange(bytes.Length > room ? bytes[..Math.Max(room, 0)] : bytes);
    }

    private Line Take()
    {
        var line = new Line(Encoding.UTF8.GetString([.. _open]).TrimEnd('\r'), _isCut);
        _open.Clear();
        _isCut = false;
        return line;
    }
}
