namespace Samples.Runtime.Components;

/// <summary>A key-value store. Expired items are never returned.</summary>
public interface IStateStore : IEngine
{
    /// <summary>Null where the key is absent or expired.</summary>
    Task<StateItem?> GetAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Applies all writes or none. When the task completes, they are as durable as the engine promises.
    /// Throws <see cref="ETagMismatchException"/> or <see cref="InvalidETagException"/>.
    /// </summary>
    Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel);

    /// <summary>The items of several keys, in the order asked for; null for an absent one.</summary>
    async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var items = new StateItem?[keys.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = await GetAsync(keys[i], cancel);
        return items;
    }

    /// <summary>The keys that start with <paramref name="prefix"/>, in the order of their characters.</summary>
    Task<IReadOnlyList<string>> KeysWithPrefixAsync(string prefix, CancellationToken cancel);

    /// <summary>
    /// Removes every key that starts with <paramref name="prefix"/>: actors need it when a type is removed. Returns how many.
    /// </summary>
    Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel);
}

/// <summary>How a write treats what is already there.</summary>
public enum Concurrency
{
    /// <summary>The store's default: an ETag, where given, must match; without one the write wins.</summary>
    Unspecified,

    /// <summary>As unspecified, but without an ETag the key must not exist yet.</summary>
    FirstWrite,

    /// <summary>The write wins unless an ETag is given and does not match.</summary>
    LastWrite,
}

/// <summary>What a read found. <see cref="Data"/> is the stored bytes: JSON where the application stored JSON.</summary>
public sealed record StateItem(ReadOnlyMemory<byte> Data, string ETag, DateTimeOffset? Expires = null, string? ContentType = null);

/// <summary>One write in a state store: a set or a delete. Keys are complete (prefix included).</summary>
public abstract record StateWrite(string Key, string? ETag, Concurrency Concurrency)
{
    /// <summary>
    /// Stores a value. <paramref name="Ttl"/> null leaves its life to the store, which keeps it for ever unless it says otherwise; one
    /// that is not above zero keeps it for ever in any case.
    /// </summary>
    public sealed record Set(string Key, ReadOnlyMemory<byte> Data, string? ETag = null, Concurrency Concurrency = Concurrency.Unspecified,
        TimeSpan? Ttl = null, string? ContentType = null) : StateWrite(Key, ETag, Concurrency)
    {
        /// <summary>The life of the value in a store that keeps for ever by itself; null for one without an end.</summary>
        public TimeSpan? Life => Ttl > TimeSpan.Zero ? Ttl : null;
    }

    /// <summary>Removes a key; removing what is absent succeeds unless an ETag is given.</summary>
    public sealed record Delete(string Key, string? ETag = null, Concurrency Concurrency = Concurrency.Unspecified)
        : StateWrite(Key, ETag, Concurrency);
}
