using Dapr.Actors;
using Dapr.Actors.Client;

namespace Samples.Owner;

/// <summary>
/// A virtual actor is the owner: there is one of it, and Dapr's placement decides on which replica. The actor takes the lease for the
/// replica that it lives on (<see cref="LeaderActor"/>); here is what the replica does: it calls the actor now and then, so that it lives
/// somewhere, and makes it step down before the replica goes.
/// </summary>
public sealed class ActorOwnership(IActorProxyFactory actors, OwnerOptions options, BeliefHistory history, TimeProvider time) : Ownership(history)
{
    private volatile bool _leaving;

    /// <inheritdoc/>
    public override string Mechanism => "actor";

    /// <inheritdoc/>
    public override async Task<TimeSpan> BeatAsync(CancellationToken cancel)
    {
        await Leader.BeatAsync().WaitAsync(cancel);
        return options.Look;
    }

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken cancel)
    {
        _leaving = true;
        if (Lease is { } lease)
            await Leader.StepDownAsync(lease.Term).WaitAsync(cancel);
    }

    /// <summary>The actor lives here and takes or renews the lease in a turn that began then. A replica that leaves takes none.</summary>
    public void Take(long term, TimeSpan began)
    {
        if (!_leaving)
            Lease = new Lease(term, time.Monotonic(), began + options.Belief);
    }

    /// <summary>The actor does not live here any more.</summary>
    public void Leave() => Lease = null;

    private ILeader Leader => actors.CreateActorProxy<ILeader>(new ActorId("leader"), nameof(LeaderActor));
}
