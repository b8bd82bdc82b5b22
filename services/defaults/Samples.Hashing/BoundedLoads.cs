namespace Samples.Hashing;

/// <summary>
/// Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, 2016): no member of a ring gets more than so many times its even
/// share of the recent load, and what it is too busy for goes to the next one on the ring. So a key stays with its member as long as that
/// one can take it. Load is what was assigned, and half of it is forgotten each half-life.
/// </summary>
public sealed class BoundedLoads
{
    private readonly Lock _gate = new();
    private readonly HashRing _ring;
    private readonly TimeSpan _halfLife;
    private readonly TimeProvider _time;
    private readonly double _free;
    private readonly double[] _loads;
    private double _total;
    private long _since;

    /// <summary>No load yet.</summary>
    /// <param name="ring">The members.</param>
    /// <param name="bound">At least 1, which is exactly even; infinity bounds nothing. 1.25 is usual, and moves few keys.</param>
    /// <param name="halfLife">How soon load is forgotten.</param>
    /// <param name="time">The clock.</param>
    /// <param name="free">
    /// Recent load that a member may have in any case: where there is hardly any, keys should stay where they are.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is below 1.</exception>
    public BoundedLoads(HashRing ring, double bound, TimeSpan halfLife, TimeProvider time, double free = 0)
    {
        if (!(bound >= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(bound), bound, "A bound below 1 cannot be kept, because the mean itself is 1. Give 1 or more; 1.25 is usual.");
        }

        _ring = ring;
        Bound = bound;
        _halfLife = halfLife;
        _time = time;
        _free = free;
        _loads = new double[ring.Members.Count];
        _since = time.GetTimestamp();
    }

    /// <summary>How many times its even share a member may get.</summary>
    public double Bound { get; }

    /// <summary>The recent load of each member.</summary>
    public IReadOnlyDictionary<string, double> Loads
    {
        get
        {
            lock (_gate)
            {
                Forget();
                return _ring.Members.Zip(_loads).ToDictionary(m => m.First, m => m.Second, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>The member that gets the next request for a key, which counts as load from now on.</summary>
    /// <param name="key">The key.</param>
    /// <param name="copies">So many members, from the owner on, are as good as each other: the one with the least load is it.</param>
    public string Take(string key, int copies = 1)
    {
        lock (_gate)
        {
            Forget();
            var member = Choose(key, copies);
            _loads[member]++;
            _total++;
            return _ring.Members[member];
        }
    }

    private int Choose(string key, int copies)
    {
        // The paper's capacity, with the request that is to be placed: whole, so that few requests find their owner as well.
        var most = Math.Max(_free, Math.Ceiling(Bound * (_total + 1) / _loads.Length));
        var (candidate, place) = (-1, 0);
        foreach (var member in _ring.Walk(key))
        {
            if (++place > copies || candidate < 0 || _loads[member] < _loads[candidate])
                candidate = member;
            if (place >= Math.Min(copies, _loads.Length) && _loads[candidate] + 1 <= most)
                return candidate;
        }

        // With a bound of 1 and loads that are no whole numbers nobody may be left.
        return Array.IndexOf(_loads, _loads.Min());
    }

    // In steps, so that most calls touch nothing.
    private void Forget()
    {
        var elapsed = _time.GetElapsedTime(_since);
        if (elapsed < _halfLife / 16)
            return;
        _since = _time.GetTimestamp();
        var rest = Math.Pow(0.5, elapsed / _halfLife);
        for (var member = 0; member < _loads.Length; member++)
            _loads[member] *= rest;
        _total = _loads.Sum();
    }
}
