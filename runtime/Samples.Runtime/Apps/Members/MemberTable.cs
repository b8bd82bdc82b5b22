using Samples.Runtime.Resources;

namespace Samples.Runtime.Apps.Members;

/// <summary>One sidecar as those of other processes see it.</summary>
/// <param name="Id">Unique.</param>
/// <param name="Process">The process that it lives in.</param>
/// <param name="AppId">The application's id; replicas share it.</param>
/// <param name="Port">Where it takes what comes from other sidecars.</param>
/// <param name="Key">What proves to it that a call comes from another sidecar.</param>
internal sealed record Member(string Id, string Process, string AppId, int Port, string Key)
{
    /// <summary>The replica's name in placement: stable over its restarts.</summary>
    public string Replica { get; init; } = "";

    /// <summary>The application's protocol; null where it listens on no port.</summary>
    public string? Protocol { get; init; }

    /// <summary>Whether the application answers.</summary>
    public bool IsAvailable { get; init; }

    /// <summary>Whether the application is asked for its health and said that it cannot work.</summary>
    public bool IsUnhealthy { get; init; }

    /// <summary>Who may invoke the application; null lets everybody.</summary>
    public AccessControl? Access { get; init; }

    /// <summary>The actor types that it gets actors of.</summary>
    public IReadOnlyList<string> ActorTypes { get; init; } = [];
}

/// <summary>What a process says of its actors.</summary>
/// <param name="Accepted">The version of placement that it follows.</param>
/// <param name="Held">Actors that it still has although they belong elsewhere in that version.</param>
internal sealed record ProcessReport(long Accepted, IReadOnlyList<string> Held)
{
    public bool Equals(ProcessReport? other) =>
        other is not null && Accepted == other.Accepted && Held.SequenceEqual(other.Held, StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Accepted, Held.Count);
}

/// <summary>All sidecars and processes at one moment. Immutable.</summary>
/// <param name="Version">Counts the changes of who gets actors.</param>
/// <param name="Members">The sidecars.</param>
/// <param name="Processes">What each process says of its actors.</param>
internal sealed record MemberTable(
    long Version, IReadOnlyList<Member> Members, IReadOnlyDictionary<string, ProcessReport> Processes)
{
    public static MemberTable Empty { get; } = new(0, [], new Dictionary<string, ProcessReport>());
}
