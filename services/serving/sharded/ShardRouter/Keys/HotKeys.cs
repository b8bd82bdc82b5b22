using System.Runtime.InteropServices;

namespace Samples.ShardRouter.Keys;

/// <summary>A key that is asked for a lot.</summary>
/// <param name="Key">The key.</param>
/// <param name="Share">Of the recent requests.</param>
/// <param name="Copies">On so many shards it lies.</param>
public sealed record HotKey(string Key, double Share, int Copies);

/// <summary>
/// Counts requests by key and forgets half of them each second. A key with a large share is hot and lies on more shards, so many that each
/// gets about the share that makes a key hot. It stays hot until it has half of that: a key at the limit does not come and go.
/// </summary>
public sealed class HotKeys(RouterOptions options, TimeProvider time)
{
    private const int MostCounted = 4096, Enough = 50;
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Count> _counts = new(StringComparer.Ordinal);
    private double _total;
    private long _halved = time.GetTimestamp();

    /// <summary>The hot keys, the hottest first.</summary>
    public IReadOnlyList<HotKey> All(int shards)
    {
        lock (_gate)
        {
            Forget();
            return
            [
                .. _counts.Where(c => c.Value.IsHot).OrderByDescending(c => c.Value.Requests)
                    .Select(c => new HotKey(c.Key, c.Value.Requests / _total, Copies(c.Value, shards)))
            ];
        }
    }

    /// <summary>Counts a request; says on how many of so many shards its key lies.</summary>
    public int Ask(string key, int shards)
    {
        lock (_gate)
        {
            Forget();
            _total++;
            // A new key has to wait where there are too many: a hot one comes again after the next halving.
            if (_counts.Count >= MostCounted && !_counts.ContainsKey(key))
                return 1;
            ref var count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out _);
            count.Requests++;
            count.IsHot = _total >= Enough && count.Requests >= _total * options.HotShare / (count.IsHot ? 2 : 1);
            return count.IsHot ? Copies(count, shards) : 1;
        }
    }

    private int Copies(Count count, int shards) =>
        Math.Min(shards, 1 + (int)Math.Ceiling(count.Requests / _total / options.HotShare));

    private void Forget()
    {
        var elapsed = time.GetElapsedTime(_halved);
        if (elapsed < HalfLife)
            return;
        _halved = time.GetTimestamp();
        var rest = Math.Pow(0.5, Math.Floor(elapsed / HalfLife));
        _total *= rest;
        foreach (var (key, count) in _counts.ToArray())
        {
            var left = count with { Requests = count.Requests * rest };
            if (left.Requests < 1)
                _counts.Remove(key);
            else
                _counts[key] = left with { IsHot = left.IsHot && _total >= Enough };
        }
    }

    private record struct Count(double Requests, bool IsHot);
}
