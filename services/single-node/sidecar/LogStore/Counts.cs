namespace Samples.LogStore;

/// <summary>A part of a file that was counted, from a byte up to but not including another.</summary>
public sealed record Counted(long From, long To);

/// <summary>
/// The counts, and beside them what was counted, in one document that is changed as a whole. Lines of a file follow on each other without a
/// gap, so that what was counted is a few ranges of bytes, mostly one, and not a million ids.
/// </summary>
public sealed record Counts
{
    private const int MostFiles = 200;

    /// <summary>Distinct events.</summary>
    public long Events { get; set; }

    /// <summary>Events that came again.</summary>
    public long Duplicates { get; set; }

    /// <summary>Bytes that the site sent.</summary>
    public long Bytes { get; set; }

    /// <summary>By status.</summary>
    public Dictionary<string, long> ByStatus { get; init; } = [];

    /// <summary>By path.</summary>
    public Dictionary<string, long> ByPath { get; init; } = [];

    /// <summary>What was counted of each file, in order; the file that was heard of last stands last.</summary>
    public List<KeyValuePair<string, List<Counted>>> Files { get; init; } = [];

    /// <summary>Counts an event; false where it was counted before.</summary>
    public bool Add(LogEvent line, int mostPaths)
    {
        if (!TryMark(RangesOf(line.File!), line.Offset!.Value, line.End!.Value))
        {
            Duplicates++;
            return false;
        }

        Events++;
        Bytes += line.Access?.Bytes ?? 0;
        ByStatus[line.Status] = ByStatus.GetValueOrDefault(line.Status) + 1;
        var path = ByPath.ContainsKey(line.Path) || ByPath.Count < mostPaths ? line.Path : "(other)";
        ByPath[path] = ByPath.GetValueOrDefault(path) + 1;
        return true;
    }

    private List<Counted> RangesOf(string file)
    {
        var at = Files.FindIndex(f => f.Key == file);
        var ranges = at < 0 ? KeyValuePair.Create(file, new List<Counted>()) : Files[at];
        if (at >= 0)
            Files.RemoveAt(at);
        Files.Add(ranges);
        if (Files.Count > MostFiles)
            Files.RemoveAt(0);
        return ranges.Value;
    }

    // A line is counted as a whole or not at all: where its first byte is in a range, it is.
    private static bool TryMark(List<Counted> ranges, long from, long to)
    {
        var next = ranges.FindIndex(r => r.To > from);
        if (next >= 0 && ranges[next].From <= from)
            return false;
        var at = next < 0 ? ranges.Count : next;
        ranges.Insert(at, new Counted(from, to));
        if (at + 1 < ranges.Count && ranges[at + 1].From <= to)
        {
            ranges[at] = new Counted(from, Math.Max(to, ranges[at + 1].To));
            ranges.RemoveAt(at + 1);
        }

        if (at > 0 && ranges[at - 1].To == from)
        {
            ranges[at - 1] = new Counted(ranges[at - 1].From, ranges[at].To);
            ranges.RemoveAt(at);
        }

        return true;
    }
}
