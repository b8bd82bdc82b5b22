namespace Samples.LoadBalancing.Replicas;

/// <summary>A replica that announced itself.</summary>
/// <param name="Name">The same after a restart.</param>
/// <param name="Address">Where it listens.</param>
public sealed record AnnouncedReplica(string Name, Uri Address);

/// <summary>
/// The replicas that announced themselves. An announcement brings a replica in and a farewell takes it out. Silence alone does not: the
/// replica may be well and only its sidecar away, so it is forgotten when it is silent <em>and</em> its health says so.
/// </summary>
public sealed class ReplicaSet(TimeProvider time)
{
    /// <summary>Announcements come every second; after so long without one, and unhealthy, a replica is gone.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private const int Most = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (AnnouncedReplica Replica, long Heard)> _replicas = new(StringComparer.Ordinal);

    /// <summary>A replica came, went or moved.</summary>
    public event Action? Changed;

    /// <summary>Those that are known now, by name.</summary>
    public IReadOnlyList<AnnouncedReplica> All
    {
        get
        {
            lock (_gate)
                return [.. _replicas.Values.Select(r => r.Replica).OrderBy(r => r.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>Takes a replica in, or notes that it is still there. False where there are too many.</summary>
    public bool Hear(AnnouncedReplica replica)
    {
        bool isNews;
        lock (_gate)
        {
            isNews = !_replicas.TryGetValue(replica.Name, out var known) || known.Replica != replica;
            if (isNews && _replicas.Count >= Most)
                return false;
            _replicas[replica.Name] = (replica, time.GetTimestamp());
        }

        if (isNews)
            Changed?.Invoke();
        return true;
    }

    /// <summary>Takes a replica out.</summary>
    public void Dismiss(string name)
    {
        bool wasKnown;
        lock (_gate)
            wasKnown = _replicas.Remove(name);
        if (wasKnown)
            Changed?.Invoke();
    }

    /// <summary>Takes out those that have been silent for a <see cref="Lease"/> and are not healthy.</summary>
    public void Forget(Func<AnnouncedReplica, bool> isHealthy)
    {
        string[] gone;
        lock (_gate)
            gone =
                [.. _replicas.Values.Where(r => time.GetElapsedTime(r.Heard) > Lease && !isHealthy(r.Replica)).Select(r => r.Replica.Name)];
        foreach (var name in gone)
            Dismiss(name);
    }
}
