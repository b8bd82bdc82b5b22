using System.Collections.Concurrent;

namespace Samples.Cache;

/// <summary>
/// Of many requests for the same thing at the same time, one goes to the origin and the others wait for what it brings. What turns out to
/// be somebody's own is handed to nobody else: the others then ask for themselves, and for a while nobody waits for such an address at all.
/// </summary>
public sealed class Collapsing(CacheOptions options, TimeProvider time)
{
    private const int MostRemembered = 10_000;
    private static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<string, Task> _underWay = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _private = new(StringComparer.Ordinal);

    /// <summary>Whether it is done at all; configuration <c>cache.collapsing</c>, <c>on</c> or <c>off</c>.</summary>
    public bool IsOn { get; private set; } = true;

    /// <summary>The configuration keys of a cache with this app id.</summary>
    public static string[] KeysOf(string name) => [$"{name}.collapsing"];

    /// <summary>Takes the configuration.</summary>
    public void Take(IReadOnlyDictionary<string, string> values) => IsOn = values.GetValueOrDefault($"{options.Name}.collapsing") != "off";

    /// <summary>
    /// Null for the one who is to ask the origin; it calls <paramref name="land"/> when what it got has been stored, or will not be. For
    /// the others, what to wait for before they look again.
    /// </summary>
    public Task? Join(string key, out Action<bool> land)
    {
        land = _ => { };
        if (!IsOn || IsPrivate(key))
            return null;
        var landed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _underWay.GetOrAdd(key, landed.Task);
        if (first != landed.Task)
            return first;
        land = wasStored =>
        {
            if (!wasStored)
                Remember(key);
            _underWay.TryRemove(key, out _);
            landed.TrySetResult();
        };
        return null;
    }

    private bool IsPrivate(string key) => _private.TryGetValue(key, out var since) && time.GetElapsedTime(since) < Remembered;

    private void Remember(string key)
    {
        if (_private.Count >= MostRemembered)
            _private.Clear();
        _private[key] = time.GetTimestamp();
    }
}
