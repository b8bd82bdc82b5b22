namespace Samples.Experiments.Ownership;

/// <summary>
/// At a moment of the machine's monotonic clock, a replica believed to own a task until another moment; equal: it stepped down.
/// </summary>
public sealed record Belief(string Mechanism, string Replica, long Term, TimeSpan At, TimeSpan Until);

/// <summary>A replica's process ended at that moment, whatever it believed.</summary>
public sealed record Death(string Replica, TimeSpan At);

/// <summary>A write that the ledger accepted.</summary>
public sealed record LedgerEntry(long Sequence, long Term, string Replica);

/// <summary>What all replicas believed about one task, and what the ledger accepted for it.</summary>
public sealed record OwnershipHistory(IReadOnlyList<Belief> Beliefs, IReadOnlyList<Death> Deaths, IReadOnlyList<LedgerEntry> Entries);

/// <summary>Reads a history and proves what ownership promises, or tells where it was broken.</summary>
public static class HistoryChecker
{
    /// <summary>Each violation as a sentence; empty where every term has one owner and a later term has a later owner.</summary>
    public static IReadOnlyList<string> TermsThatDoNotRise(OwnershipHistory history)
    {
        var violations = new List<string>();
        var grants = history.Beliefs.GroupBy(b => b.Term).OrderBy(g => g.Min(b => b.At)).ToList();
        foreach (var term in grants.Where(g => g.Select(b => b.Replica).Distinct().Count() > 1))
            violations.Add($"term {term.Key} was given to {string.Join(" and ", term.Select(b => b.Replica).Distinct())}");
        foreach (var (earlier, later) in grants.Zip(grants.Skip(1)))
        {
            if (later.Key <= earlier.Key)
                violations.Add($"term {later.Key} began after term {earlier.Key}");
        }

        foreach (var term in history.Entries.GroupBy(e => e.Term).Where(g => g.Select(e => e.Replica).Distinct().Count() > 1))
        {
            var writers = string.Join(" and ", term.Select(e => e.Replica).Distinct());
            violations.Add($"in term {term.Key} the ledger accepted writes of {writers}");
        }

        return violations;
    }

    /// <summary>Writes that were accepted although one of a newer term stood in the ledger already.</summary>
    public static IReadOnlyList<LedgerEntry> StaleWrites(OwnershipHistory history)
    {
        var stale = new List<LedgerEntry>();
        var highest = 0L;
        foreach (var entry in history.Entries.OrderBy(e => e.Sequence))
        {
            if (entry.Term < highest)
                stale.Add(entry);
            highest = Math.Max(highest, entry.Term);
        }

        return stale;
    }

    /// <summary>Pairs of times in which two replicas both believed to be the owner, each by its own clock and within its lease.</summary>
    public static IReadOnlyList<string> Overlaps(OwnershipHistory history)
    {
        var times = history.Beliefs.GroupBy(b => b.Replica).SelectMany(g => Times(g.Key, g, history.Deaths)).OrderBy(t => t.From).ToList();
        var overlaps = new List<string>();
        Time? last = null;
        foreach (var time in times)
        {
            if (last is not null && time.Replica != last.Replica && time.From < last.Until)
            {
                var both = Earlier(last.Until, time.Until) - time.From;
                overlaps.Add(
                    $"{last.Replica} (term {last.Term}) and {time.Replica} (term {time.Term}) for {both.TotalMilliseconds:0} ms");
            }

            // What lasts longest is what a later one could meet.
            if (last is null || time.Until > last.Until)
                last = time;
        }

        return overlaps;
    }

    // A belief lasts until its own end, until the next one of the same replica takes its place, or until the replica's death.
    private static IEnumerable<Time> Times(string replica, IEnumerable<Belief> beliefs, IReadOnlyList<Death> deaths)
    {
        var ordered = beliefs.OrderBy(b => b.At).ToList();
        for (var i = 0; i < ordered.Count; i++)
        {
            var (belief, until) = (ordered[i], ordered[i].Until);
            if (i + 1 < ordered.Count)
                until = Earlier(until, ordered[i + 1].At);
            foreach (var death in deaths.Where(d => d.Replica == replica && d.At >= belief.At))
                until = Earlier(until, death.At);
            if (until > belief.At)
                yield return new Time(replica, belief.Term, belief.At, until);
        }
    }

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private sealed record Time(string Replica, long Term, TimeSpan From, TimeSpan Until);
}
