using System.Runtime.Serialization;
using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace Samples.Owner;

/// <summary>A life of a replica that calls, and the last term in which it was the owner and is not any more.</summary>
[DataContract]
public sealed record Caller([property: DataMember] string Life, [property: DataMember] long EndedTerm);

/// <summary>The one owner, wherever it lives.</summary>
public interface ILeader : IActor
{
    /// <summary>Takes or renews the lease of the replica that the actor lives on, where nobody else can believe to have it.</summary>
    /// <param name="caller">Who calls.</param>
    /// <param name="cancel">The caller gives up; what was begun is finished.</param>
    Task BeatAsync(Caller caller, CancellationToken cancel);
}

/// <summary>
/// Dapr promises one activation at a time, but the replica of an earlier one may be frozen and believe in its lease when it wakes. So each
/// life of the actor is a new term, and its state says who may still believe, and in which term. Before it takes a lease, a new life waits
/// until that replica calls and says that this term is over for it, or for a whole lease: by then the belief has ended by itself. Where
/// it is this very process there is nothing to wait for. One that only has its name may be another that runs beside it.
/// </summary>
public sealed class LeaderActor(ActorHost host, ActorOwnership here, OwnerOptions options, TimeProvider time)
    : Actor(host), ILeader, IRemindable, IDisposable
{
    private const string Heartbeat = "heartbeat", Key = "life", Nobody = "";

    // A sidecar lets the next turn begin when the caller of this one gives up.
    private readonly SemaphoreSlim _turn = new(1);
    private Life _life = new(0, Nobody, 0);
    private TimeSpan _trustedFrom;

    /// <inheritdoc/>
    protected override async Task OnActivateAsync()
    {
        var last = await StateManager.GetOrAddStateAsync(Key, _life);
        var wait = last.Believer == Nobody || last.Believer == here.Life ? TimeSpan.Zero : options.Ttl;
        _trustedFrom = time.Monotonic() + wait;
        await SaveAsync(last with { Term = last.Term + 1 });
        // Durable: after the death of its replica it is the reminder that brings the actor back to life, elsewhere.
        await RegisterReminderAsync(Heartbeat, null, wait > TimeSpan.Zero ? wait : options.Renewal, options.Renewal);
    }

    /// <inheritdoc/>
    protected override Task OnDeactivateAsync()
    {
        here.Leave();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) =>
        BeatAsync(new Caller(Nobody, 0), CancellationToken.None);

    /// <inheritdoc/>
    public async Task BeatAsync(Caller caller, CancellationToken cancel)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            await TakeTurnAsync(caller);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task TakeTurnAsync(Caller caller)
    {
        var began = time.Monotonic();
        if (_life.Believer != Nobody && _life.Believer == caller.Life && caller.EndedTerm >= _life.BelievedTerm)
        {
            await SaveAsync(_life with { Believer = Nobody });
            _trustedFrom = began;
        }

        if (began < _trustedFrom || here.IsLeaving)
            return;
        // First noted, then believed: the next life must know whom to wait for.
        if (_life.Believer != here.Life || _life.BelievedTerm != _life.Term)
            await SaveAsync(_life with { Believer = here.Life, BelievedTerm = _life.Term });
        here.Take(_life.Term, began);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task SaveAsync(Life life)
    {
        await StateManager.SetStateAsync(Key, life);
        await SaveStateAsync();
        _life = life;
    }

    /// <summary>One life of the actor.</summary>
    /// <param name="Term">Its number.</param>
    /// <param name="Believer">The process that may believe to be the owner.</param>
    /// <param name="BelievedTerm">In which term, at the latest.</param>
    private sealed record Life(long Term, string Believer, long BelievedTerm);
}
