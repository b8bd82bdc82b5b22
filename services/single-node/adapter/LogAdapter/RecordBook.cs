using System.Diagnostics;

namespace Samples.LogAdapter;

/// <summary>What came of one source so far.</summary>
/// <param name="Records">Records in all.</param>
/// <param name="ParseErrors">Those that are kept whole because they fit nothing.</param>
/// <param name="Lost">Entries that the source had thrown away before they could be read.</param>
internal sealed record SourceCounts(long Records, long ParseErrors, long Lost);

/// <summary>
/// The last records of all sources, in the order in which they were finished; each has a number, so that a reader sees what it missed.
/// </summary>
internal sealed class RecordBook(int most)
{
    private readonly Lock _turn = new();
    private readonly Queue<LogRecord> _records = new();
    private readonly SortedDictionary<string, SourceCounts> _counts = new(StringComparer.Ordinal);
    private long _next;

    /// <summary>Takes what a format has read.</summary>
    public void Add(string source, ParsedLine line, DateTimeOffset seen)
    {
        var record = new LogRecord(
            line.Time is { } time ? LogRecord.Nanoseconds(time) : null,
            LogRecord.Nanoseconds(seen),
            line.SeverityText,
            Severity.NumberOf(line.SeverityText),
            line.Body,
            line.Attributes,
            new Dictionary<string, string> { ["service.name"] = source });
        var errors = line.Attributes.ContainsKey(LogRecord.ParseError) ? 1 : 0;
        lock (_turn)
        {
            _records.Enqueue(record);
            if (_records.Count > most)
                _records.Dequeue();
            _next++;
            var known = CountsOf(source);
            _counts[source] = known with { Records = known.Records + 1, ParseErrors = known.ParseErrors + errors };
        }
    }

    /// <summary>Notes entries that nobody will see.</summary>
    public void Lose(string source, long count)
    {
        lock (_turn)
            _counts[source] = CountsOf(source) with { Lost = CountsOf(source).Lost + count };
    }

    /// <summary>
    /// Records from a number on, at most so many; the number to ask with next, and how many were gone already.
    /// </summary>
    public (IReadOnlyList<LogRecord> Records, long Next, long Missed) Read(long from, int limit)
    {
        lock (_turn)
        {
            var oldest = _next - _records.Count;
            var begin = Math.Clamp(from, oldest, _next);
            List<LogRecord> records = [.. _records.Skip((int)(begin - oldest)).Take(limit)];
            Debug.Assert(begin + records.Count <= _next);
            return (records, begin + records.Count, Math.Max(0, oldest - from));
        }
    }

    /// <summary>Counts by source.</summary>
    public IReadOnlyDictionary<string, SourceCounts> Counts
    {
        get
        {
            lock (_turn)
                return new Dictionary<string, SourceCounts>(_counts);
        }
    }

    private SourceCounts CountsOf(string source) => _counts.GetValueOrDefault(source) ?? new SourceCounts(0, 0, 0);
}
