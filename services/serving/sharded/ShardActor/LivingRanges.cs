using System.Collections.Concurrent;

namespace Samples.ShardActor;

/// <summary>The ranges that live in this process now.</summary>
public sealed class LivingRanges
{
    private readonly ConcurrentDictionary<string, bool> _all = new(StringComparer.Ordinal);

    /// <summary>Their names.</summary>
    public IReadOnlyList<string> All => [.. _all.Keys.Order(StringComparer.Ordinal)];

    /// <summary>One has come to life.</summary>
    public void Add(string range) => _all[range] = true;

    /// <summary>One is gone.</summary>
    public void Remove(string range) => _all.TryRemove(range, out _);
}
