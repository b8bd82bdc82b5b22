namespace Samples.ShardRouter.Ring;

/// <summary>The replicas of a shard: which to ask first, and which to avoid for a while.</summary>
public sealed class Shard(ShardEntry entry, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500), LongestPause = TimeSpan.FromSeconds(4);

    private readonly Lock _gate = new();
    private readonly Standing[] _replicas = [.. entry.Replicas.Select(name => new Standing(name))];
    private int _turn;
    private long _requests, _bypassed;

    /// <summary>Its name.</summary>
    public string Name => entry.Name;

    /// <summary>What it is made of.</summary>
    public ShardEntry Entry => entry;

    /// <summary>Requests for its keys.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Those of them that the origin answered, because none of its replicas did.</summary>
    public long Bypassed => Interlocked.Read(ref _bypassed);

    /// <summary>Counts a request.</summary>
    public void Asked() => Interlocked.Increment(ref _requests);

    /// <summary>Counts one for the origin.</summary>
    public void Bypass() => Interlocked.Increment(ref _bypassed);

    /// <summary>
    /// The replicas in the order to ask. Those that answer take turns, so that each is as warm as the other; those that failed are left out
    /// until one request tries them again.
    /// </summary>
    /// <param name="all">Also those that failed, at the end: there is nobody else.</param>
    public IReadOnlyList<string> InOrder(bool all = false)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var turn = _turn++ % _replicas.Length;
            Standing[] turned = [.. _replicas[turn..], .. _replicas[..turn]];
            var onTrial = Array.Find(turned, r => r.IsAvoided && time.GetElapsedTime(r.Since, now) >= r.Pause);
            if (onTrial is not null)
                (onTrial.Since, onTrial.IsOnTrial) = (now, true);
            return
            [
                .. turned.Where(r => all || r == onTrial || !r.IsAvoided).OrderBy(r => r == onTrial ? 0 : r.IsAvoided ? 2 : 1)
                    .Select(r => r.Name)
            ];
        }
    }

    /// <summary>One that is likely to answer.</summary>
    public string Best
    {
        get
        {
            lock (_gate)
                return (Array.Find(_replicas, r => !r.IsAvoided) ?? _replicas[0]).Name;
        }
    }

    /// <summary>Those that are avoided now.</summary>
    public IReadOnlyList<string> Avoided
    {
        get
        {
            lock (_gate)
                return [.. _replicas.Where(r => r.IsAvoided).Select(r => r.Name)];
        }
    }

    /// <summary>It answered.</summary>
    public void Answered(string replica)
    {
        lock (_gate)
            Find(replica).Pause = TimeSpan.Zero;
    }

    /// <summary>It failed, or was late.</summary>
    public void Missed(string replica)
    {
        lock (_gate)
        {
            var standing = Find(replica);
            // Many requests may be under way when a replica dies; together they are one miss.
            if (standing is { IsAvoided: true, IsOnTrial: false })
                return;
            standing.IsOnTrial = false;
            standing.Pause = standing.IsAvoided ? Min(standing.Pause * 2, LongestPause) : FirstPause;
            standing.Since = time.GetTimestamp();
        }
    }

    private Standing Find(string replica) => Array.Find(_replicas, r => r.Name == replica)!;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed class Standing(string name)
    {
        public string Name => name;

        public TimeSpan Pause { get; set; }

        public long Since { get; set; }

        public bool IsOnTrial { get; set; }

        public bool IsAvoided => Pause > TimeSpan.Zero;
    }
}
