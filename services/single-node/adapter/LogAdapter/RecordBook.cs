using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Samples.LogAdapter.Following;

namespace Samples.LogAdapter;

/// <summary>What came of one source so far.</summary>
/// <param name="Records">Records in all.</param>
/// <param name="ParseErrors">Those that are kept whole because they fit nothing.</param>
/// <param name="Lost">Entries that the source had thrown away before they could be read.</param>
/// <param name="Truncations">Times that a file was cut with no copy left: what was written just before, nobody has seen.</param>
internal sealed record SourceCounts(long Records, long ParseErrors, long Lost, long Truncations = 0);

/// <summary>A part of the book.</summary>
/// <param name="Records">Records as JSON.</param>
/// <param name="Next">The number to ask with next.</param>
/// <param name="Missed">How many were gone already.</param>
internal sealed record BookPart(IReadOnlyList<string> Records, long Next, long Missed);

/// <summary>
/// The last records of all sources in a file, in the order in which they were finished. Each has a number that stays its own after a
/// restart, so that a reader goes on where it was and sees what it missed. Records are kept together with the position of their source, in
/// one transaction: neither is ever there without the other.
/// </summary>
internal sealed class RecordBook : IDisposable
{
    // Field names are those of the data model, not of web pages.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock _turn = new();
    private readonly SqliteConnection _file;
    private readonly int _most;
    private long _next;

    /// <summary>Goes on with the book in a file; see <see cref="RecordFile.Open"/>.</summary>
    public RecordBook(SqliteConnection file, int most)
    {
        _file = file;
        _most = most;
        _next = Scalar("SELECT max(number) FROM records") is long last ? last + 1 : 0;
        Id = (string)Scalar("SELECT id FROM book")!;
    }

    /// <summary>Another one means that the file was lost: numbers begin anew.</summary>
    public string Id { get; }

    /// <summary>Takes what a format has read, with the place up to which that is all, and adds to the counts.</summary>
    public void Keep(string source, IReadOnlyList<RecordAssembler.Assembled> records, string? position, SourceCounts? more = null)
    {
        lock (_turn)
        {
            using var step = _file.BeginTransaction();
            var next = _next;
            foreach (var (line, seen) in records)
            {
                var text = JsonSerializer.Serialize(Record(source, line, seen), Json);
                Execute("INSERT INTO records VALUES ($number, $text)", ("$number", next++), ("$text", text));
            }

            Execute("DELETE FROM records WHERE number < $oldest", ("$oldest", next - _most));
            Execute(
                """
                INSERT INTO sources VALUES ($source, $position, $records, $errors, $lost, $truncations) ON CONFLICT (source) DO UPDATE SET
                position = coalesce(excluded.position, position), records = records + excluded.records, errors = errors + excluded.errors,
                lost = lost + excluded.lost, truncations = truncations + excluded.truncations
                """,
                ("$source", source), ("$position", position), ("$records", records.Count),
                ("$errors", records.Count(r => r.Line.Attributes.ContainsKey(LogRecord.ParseError))),
                ("$lost", more?.Lost ?? 0), ("$truncations", more?.Truncations ?? 0));
            step.Commit();
            _next = next;
        }
    }

    /// <summary>What was kept with the last records of a source; null for a new one.</summary>
    public string? PositionOf(string source)
    {
        lock (_turn)
            return Scalar("SELECT position FROM sources WHERE source = $source", ("$source", source)) as string;
    }

    /// <summary>Records from a number on: at most so many, and at least one but no more characters than that.</summary>
    public BookPart Read(long from, int limit, long mostCharacters = long.MaxValue)
    {
        lock (_turn)
        {
            var oldest = Scalar("SELECT min(number) FROM records") as long? ?? _next;
            var (begin, records, characters) = (Math.Clamp(from, oldest, _next), new List<string>(), 0L);
            const string select = "SELECT text FROM records WHERE number >= $begin ORDER BY number LIMIT $limit";
            using var command = Command(select, ("$begin", begin), ("$limit", limit));
            using var rows = command.ExecuteReader();
            while (rows.Read() && rows.GetString(0) is var text && (records.Count == 0 || characters + text.Length <= mostCharacters))
            {
                records.Add(text);
                characters += text.Length;
            }

            return new BookPart(records, begin + records.Count, Math.Max(0, oldest - from));
        }
    }

    /// <summary>Counts by source.</summary>
    public IReadOnlyDictionary<string, SourceCounts> Counts
    {
        get
        {
            lock (_turn)
            {
                var counts = new SortedDictionary<string, SourceCounts>(StringComparer.Ordinal);
                using var command = Command("SELECT source, records, errors, lost, truncations FROM sources");
                using var rows = command.ExecuteReader();
                while (rows.Read())
                    counts[rows.GetString(0)] = new SourceCounts(rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4));
                return counts;
            }
        }
    }

    private static LogRecord Record(string source, ParsedLine line, DateTimeOffset seen) => new(
        line.Time is { } time ? LogRecord.Nanoseconds(time) : null, LogRecord.Nanoseconds(seen), line.SeverityText,
        Severity.NumberOf(line.SeverityText), line.Body, line.Attributes, new Dictionary<string, string> { ["service.name"] = source });

    private void Execute(string sql, params (string Name, object? Value)[] values)
    {
        using var command = Command(sql, values);
        command.ExecuteNonQuery();
    }

    private object? Scalar(string sql, params (string Name, object? Value)[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteScalar();
    }

    private SqliteCommand Command(string sql, params (string Name, object? Value)[] values)
    {
        var command = _file.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    public void Dispose() => _file.Dispose();
}
