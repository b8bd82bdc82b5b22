using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>What the cache did so far.</summary>
/// <param name="Replica">Its name.</param>
/// <param name="Hits">Requests answered from memory.</param>
/// <param name="Misses">Requests that the origin was asked for.</param>
/// <param name="Addresses">Addresses with a stored answer.</param>
/// <param name="Bytes">Memory taken.</param>
/// <param name="Capacity">Memory that may be taken.</param>
public sealed record CacheReport(string Replica, long Hits, long Misses, int Addresses, long Bytes, long Capacity);

/// <summary>Counts.</summary>
public sealed class CacheStats(CacheOptions options, CacheStore store)
{
    private long _hits, _misses;

    /// <summary>Answered from memory.</summary>
    public void CountHit() => Interlocked.Increment(ref _hits);

    /// <summary>Not answered from memory.</summary>
    public void CountMiss() => Interlocked.Increment(ref _misses);

    /// <summary>All of it.</summary>
    public CacheReport Report() =>
        new(options.Replica, Interlocked.Read(ref _hits), Interlocked.Read(ref _misses), store.Count, store.Bytes, options.Bytes);
}
