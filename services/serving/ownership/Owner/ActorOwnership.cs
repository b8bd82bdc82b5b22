using Dapr.Actors;
using Dapr.Actors.Client;

namespace Samples.Owner;

/// <summary>
/// A virtual actor is the owner: there is one of it, and Dapr's placement decides on which replica. The actor takes the lease for the
/// replica that it lives on (<see cref="LeaderActor"/>). Here is what every replica does: it calls the actor now and then, so that it lives
/// somewhere, and says in these calls in which term it has stopped believing.
/// </summary>
public sealed class ActorOwnership(
    IActorProxyFactory actors, OwnerOptions options, BeliefHistory history, TimeProvider time) : Ownership(history)
{
    private readonly Lock _gate = new();
    private long _endedTerm;
    private bool _leaving;

    /// <inheritdoc/>
    public override string Mechanism => "actor";

    /// <summary>Who this process is in this life: another one under the same name, or an earlier life, is somebody else.</summary>
    public string Life { get; } = $"{options.Replica}/{Guid.NewGuid():N}";

    /// <summary>True where this replica wants no lease any more.</summary>
    public bool IsLeaving => Volatile.Read(ref _leaving);

    /// <inheritdoc/>
    public override async Task<TimeSpan> BeatAsync(CancellationToken cancel)
    {
        await CallAsync(cancel);
        // An actor whose replica goes away comes back to life with the next call: these are what a hand-over waits for.
        return options.Look / 2;
    }

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken cancel)
    {
        Volatile.Write(ref _leaving, true);
        Leave();
        await CallAsync(cancel);
    }

    /// <summary>The actor lives here, and takes or renews the lease in a turn that began then.</summary>
    public void Take(long term, TimeSpan began)
    {
        lock (_gate)
        {
            if (!_leaving)
                Lease = new Lease(term, time.Monotonic(), began + options.Belief);
        }
    }

    /// <summary>The actor does not live here any more, or this replica leaves.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _endedTerm = Lease?.Term ?? _endedTerm;
            Lease = null;
        }
    }

    // The request itself is given up: one that waits on holds up the sidecar, which cannot learn where actors live now while a call to
    // one is under way.
    private Task CallAsync(CancellationToken cancel) => actors.CreateActorProxy<ILeader>(new ActorId("leader"), nameof(LeaderActor))
        .BeatAsync(new Caller(Life, Volatile.Read(ref _endedTerm)), cancel);
}
