namespace Samples.Benchmarks.Replicated;

/// <summary>
/// The best that any cache could do who knows the future: what is needed last goes first (L. A. Belady, "A study of replacement algorithms
/// for a virtual-storage computer", 1966), and what is not needed before all else here is not taken in.
/// </summary>
internal static class Belady
{
    /// <summary>The share of hits with room for so many things of the same size.</summary>
    public static double HitRate(IReadOnlyList<int> trace, int capacity)
    {
        var next = new int[trace.Count];
        var seen = new Dictionary<int, int>();
        for (var i = trace.Count - 1; i >= 0; i--)
        {
            next[i] = seen.GetValueOrDefault(trace[i], int.MaxValue);
            seen[trace[i]] = i;
        }

        var (hits, held, byNeed) = (0, new Dictionary<int, int>(), new SortedSet<(int Next, int Address)>());
        for (var i = 0; i < trace.Count; i++)
        {
            if (held.Remove(trace[i], out var due))
            {
                hits++;
                byNeed.Remove((due, trace[i]));
            }

            held[trace[i]] = next[i];
            byNeed.Add((next[i], trace[i]));
            if (held.Count <= capacity)
                continue;
            var last = byNeed.Max;
            byNeed.Remove(last);
            held.Remove(last.Address);
        }

        return (double)hits / trace.Count;
    }
}
