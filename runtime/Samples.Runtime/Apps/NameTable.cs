using System.Collections.Concurrent;

namespace Samples.Runtime.Apps;

/// <summary>Which sidecars stand for an app id. On one machine this table is all the name resolution there is.</summary>
public sealed class NameTable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, AppChannel[]> _own = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Replicas> _apps = new(StringComparer.Ordinal);
    private ILookup<string, AppChannel> _others = Array.Empty<AppChannel>().ToLookup(_ => "");

    /// <summary>Called where nobody has an id, before that is said: somebody may have come a moment ago.</summary>
    internal Action? Missing { get; set; }

    /// <summary>Adds a replica.</summary>
    public void Add(string appId, AppChannel channel) => Change(appId, own => [.. own, channel]);

    /// <summary>Removes a replica.</summary>
    public void Remove(string appId, AppChannel channel) => Change(appId, own => [.. own.Where(c => c != channel)]);

    /// <summary>The replicas of other processes, all of them, by app id.</summary>
    internal void SetOthers(ILookup<string, AppChannel> others)
    {
        lock (_gate)
        {
            var concerned = _others.Concat(others).Select(g => g.Key).Distinct(StringComparer.Ordinal).ToList();
            _others = others;
            concerned.ForEach(Show);
        }
    }

    private void Change(string appId, Func<AppChannel[], AppChannel[]> change)
    {
        lock (_gate)
        {
            _own[appId] = change(_own.GetValueOrDefault(appId, []));
            Show(appId);
        }
    }

    private void Show(string appId)
    {
        AppChannel[] all = [.. _own.GetValueOrDefault(appId, []), .. _others[appId]];
        _apps.AddOrUpdate(
            appId, _ => new Replicas(all), (_, known) => known.Channels.SequenceEqual(all) ? known : new Replicas(all));
    }

    /// <summary>
    /// The replicas of an app id in the order to try them: round robin over those that answer, then the rest. Empty where nobody has
    /// the id. <c>app.namespace</c> names the same application.
    /// </summary>
    public IReadOnlyList<AppChannel> Resolve(string appId)
    {
        var found = Find(appId);
        if (found.Length > 0 || Missing is not { } missing)
            return found;
        missing();
        return Find(appId);
    }

    private AppChannel[] Find(string appId) => _apps.TryGetValue(Plain(appId), out var replicas) ? replicas.InTurn() : [];

    /// <summary>True where both name the same application.</summary>
    public static bool IsSame(string appId, string other) => Plain(appId) == Plain(other);

    private static string Plain(string appId) =>
        appId.EndsWith(".default", StringComparison.Ordinal) ? appId[..^".default".Length] : appId;

    private sealed class Replicas(AppChannel[] channels)
    {
        private uint _next;

        public AppChannel[] Channels => channels;

        public AppChannel[] InTurn()
        {
            if (channels.Length <= 1)
                return channels;
            var first = (int)(Interlocked.Increment(ref _next) % (uint)channels.Length);
            AppChannel[] turned = [.. channels[first..], .. channels[..first]];
            // Stable: the turn is kept within those that answer.
            return Array.TrueForAll(turned, c => c.IsAvailable) ? turned : [.. turned.OrderBy(c => c.IsAvailable ? 0 : 1)];
        }
    }
}
