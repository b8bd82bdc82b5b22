using Samples.Defaults;
using Samples.Hashing;
using Samples.ShardRouter.Keys;

namespace Samples.ShardRouter.Ring;

/// <summary>Where a request goes.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="From">Which replica of another shard had the key before and may still have its answer; null where there is none.</param>
/// <param name="Settings">As they were when it was decided.</param>
public sealed record Route(Shard Shard, string? From, RingSettings Settings);

/// <summary>
/// Who has a key now, and who had it before the last change. Each router makes it from the same configuration, and none has to ask another:
/// while two of them differ for a moment, a key is in two places, and neither tells anything old.
/// </summary>
public sealed class ShardMap
{
    // Of so few requests in some seconds no shard is overloaded.
    private const double FreeLoad = 16;
    private static readonly TimeSpan LoadHalfLife = TimeSpan.FromSeconds(2);

    private readonly RouterOptions _options;
    private readonly HotKeys _hot;
    private readonly TimeProvider _time;
    private readonly ILogger<ShardMap> _log;
    private Snapshot _now;

    /// <summary>As the environment says, until configuration is read.</summary>
    public ShardMap(RouterOptions options, HotKeys hot, TimeProvider time, ILogger<ShardMap> log)
    {
        _options = options;
        _hot = hot;
        _time = time;
        _log = log;
        _now = Create(options.Ring, before: null);
    }

    /// <summary>The ring as it is.</summary>
    public Snapshot Now => Volatile.Read(ref _now);

    /// <summary>Takes the configuration. What is wrong is told and changes nothing.</summary>
    public void Take(IReadOnlyDictionary<string, string> values)
    {
        try
        {
            var settings = _options.Ring.With(_options.Name, values);
            var now = Now;
            var next = Create(settings, now);
            Volatile.Write(ref _now, next);
            if (next.Ring != now.Ring)
                _log.LogInformation(
                    "the ring has {Count} shards now: {Names}", settings.Shards.Count, string.Join(", ", next.Ring.Members));
        }
        catch (WrongSettingException wrong)
        {
            _log.LogWarning("{Problem} All stays as it was", wrong.Message);
        }
    }

    /// <summary>Counts a request for a key, and decides where it goes.</summary>
    public Route Choose(string key)
    {
        var now = Now;
        var copies = now.Settings.Copies ? _hot.Ask(key, now.Shards.Count) : 1;
        var shard = now.Shards[now.Loads.Take(key, copies)];
        shard.Asked();
        return new Route(shard, now.Settings.Handover ? FormerOf(key, shard, now) : null, now.Settings);
    }

    // A shard that is not the owner copies from it; an owner asks who had the key before it, for a while after it got it.
    private string? FormerOf(string key, Shard shard, Snapshot now)
    {
        var owner = now.Ring.Owner(key);
        if (owner != shard.Name)
            return now.Shards[owner].Best;
        if (now.Before is not { } before || _time.GetElapsedTime(now.Began) > _options.Handover)
            return null;
        var former = before.Ring.Owner(key);
        return former == owner ? null : before.Shards[former].Best;
    }

    private Snapshot Create(RingSettings settings, Snapshot? before)
    {
        var isSameRing = before is not null && before.Settings.Points == settings.Points
            && settings.Shards.Select(s => s.Name).Order(StringComparer.Ordinal).SequenceEqual(before.Ring.Members);
        var ring = isSameRing ? before!.Ring : new HashRing(settings.Shards.Select(s => s.Name), settings.Points);
        // What is known of a shard whose replicas are the same stays known.
        var shards = settings.Shards.ToDictionary(
            s => s.Name,
            s => before?.Shards.GetValueOrDefault(s.Name) is { } known && known.Entry.Replicas.SequenceEqual(s.Replicas)
                ? known
                : new Shard(s, _time),
            StringComparer.Ordinal);
        return new Snapshot(
            settings,
            ring,
            shards,
            isSameRing && before!.Loads.Bound.Equals(settings.Bound)
                ? before.Loads
                : new BoundedLoads(ring, settings.Bound, LoadHalfLife, _time, FreeLoad),
            isSameRing ? before!.Before : before is null ? null : before with { Before = null },
            isSameRing ? before!.Began : _time.GetTimestamp());
    }

    /// <summary>One state of it.</summary>
    /// <param name="Settings">What it was made of.</param>
    /// <param name="Ring">Who owns what.</param>
    /// <param name="Shards">By name.</param>
    /// <param name="Loads">Who has how much to do.</param>
    /// <param name="Before">The ring before this one; null where there was none.</param>
    /// <param name="Began">Since when the ring is so.</param>
    public sealed record Snapshot(
        RingSettings Settings, HashRing Ring, IReadOnlyDictionary<string, Shard> Shards, BoundedLoads Loads, Snapshot? Before, long Began);
}
