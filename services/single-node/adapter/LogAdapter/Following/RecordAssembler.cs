using Samples.LogAdapter.Formats;

namespace Samples.LogAdapter.Following;

/// <summary>
/// Puts the lines of one file together to records: a stack trace belongs to the line before it. Each file has its own, so that two writers
/// in turns are never mixed. A record is finished when the next one begins, or when nothing has come for a set time: it may be the last
/// thing that is ever written.
/// </summary>
internal sealed class RecordAssembler(ILogFormat format, TimeSpan wait, TimeProvider time)
{
    private const int MostLines = 1000, MostCharacters = 1_000_000;

    private readonly List<string> _more = [];
    private string? _first;
    private long _begin;
    private int _characters;
    private bool _isCut;
    private DateTimeOffset _seen;
    private long _lastLine;

    /// <summary>A record with the time at which its first line was seen.</summary>
    public readonly record struct Assembled(ParsedLine Line, DateTimeOffset Seen);

    /// <summary>Where in its file the record begins that is not finished; null when there is none.</summary>
    public long? Begin => _first is null ? null : _begin;

    /// <summary>The record that this line finishes; null when it finishes none.</summary>
    public Assembled? Add(Line line)
    {
        if (line.Text.Length == 0 && !line.IsCut)
            return null;
        _lastLine = time.GetTimestamp();
        var hasRoom = _more.Count < MostLines && _characters + line.Text.Length <= MostCharacters;
        if (_first is not null && hasRoom && format.Continues(line.Text))
        {
            _more.Add(line.Text);
            _characters += line.Text.Length;
            _isCut |= line.IsCut;
            return null;
        }

        var finished = End();
        _first = line.Text;
        _begin = line.Begin;
        _characters = line.Text.Length;
        _isCut = line.IsCut;
        _seen = time.GetUtcNow();
        return finished;
    }

    /// <summary>The record for which nothing has come for long enough.</summary>
    public Assembled? Expire() => _first is not null && time.GetElapsedTime(_lastLine) >= wait ? End() : null;

    /// <summary>The open record, because its file is finished.</summary>
    public Assembled? End()
    {
        if (_first is not { } first)
            return null;
        var parsed = format.Parse(first, [.. _more]);
        if (_isCut)
            parsed = ParsedLine.Unreadable(string.Join('\n', _more.Prepend(first)), "A line of it was longer than allowed, and is cut.");
        var finished = new Assembled(parsed, _seen);
        _more.Clear();
        _first = null;
        return finished;
    }
}
