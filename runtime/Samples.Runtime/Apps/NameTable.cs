using System.Collections.Concurrent;

namespace Samples.Runtime.Apps;

/// <summary>Which sidecars stand for an app id. On one machine this table is all the name resolution there is.</summary>
public sealed class NameTable
{
    private readonly ConcurrentDictionary<string, Replicas> _apps = new(StringComparer.Ordinal);

    /// <summary>Adds a replica.</summary>
    public void Add(string appId, AppChannel channel) =>
        _apps.AddOrUpdate(appId, _ => new Replicas([channel]), (_, known) => new Replicas([.. known.Channels, channel]));

    /// <summary>Removes a replica.</summary>
    public void Remove(string appId, AppChannel channel) =>
        _apps.AddOrUpdate(appId, _ => new Replicas([]), (_, known) => new Replicas([.. known.Channels.Where(c => c != channel)]));

    /// <summary>
    /// The replicas of an app id in the order to try them: round robin over those that answer, then the rest. Empty where nobody has
    /// the id. <c>app.namespace</c> names the same application.
    /// </summary>
    public IReadOnlyList<AppChannel> Resolve(string appId)
    {
        return _apps.TryGetValue(Plain(appId), out var replicas) ? replicas.InTurn() : [];
    }

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
