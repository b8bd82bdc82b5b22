using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>
/// Takes calls to the replica that has the actor, a turn at a time. A call that was not sent, because the replica refused the
/// connection or the actor moved, goes to the next owner. A call that was sent and got no answer is not sent again: an actor's method
/// need not be idempotent, so that is the caller's to decide.
/// </summary>
internal sealed class ActorRouter(Placement placement, TimeProvider time, ILogger log)
{
    // As long as a replica may need to come back, or a first one to join, before a call of a known type is given up.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // Before a sidecar of another process that did not take a call is asked again, where nothing is heard of a change.
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromMilliseconds(100);

    /// <summary>Asked before an actor begins on a host; null where no other process could have it.</summary>
    public IActorFence? Fence { get; set; }

    /// <summary>Called when an actor leaves the memory of a replica.</summary>
    public event Action<ActorId>? Deactivated;

    /// <summary>
    /// Calls an actor; any status is a normal answer. Throws <see cref="NoHostException"/>, <see cref="ActorStalledException"/>,
    /// <see cref="StackDepthException"/>, <see cref="ActorLostException"/>.
    /// </summary>
    /// <param name="id">The actor.</param>
    /// <param name="request">What it is asked.</param>
    /// <param name="patient">True for callbacks of the runtime, which wait for a replica that does not answer as long as it takes.</param>
    /// <param name="cancel">Ends the waiting; a turn that has begun goes on.</param>
    public async Task<ActorResponse> CallAsync(ActorId id, ActorRequest request, bool patient, CancellationToken cancel)
    {
        while (true)
        {
            var change = placement.NextChange;
            var owner = await OwnerAsync(id, cancel);
            var response = owner.Remote is { } elsewhere
                ? await elsewhere.CallAsync(id, request, patient, cancel)
                : await CallHereAsync(id, request, patient, cancel);
            if (response is not null)
                return response;
            if (owner.Remote is not null)
                await Task.WhenAny(change, Task.Delay(BetweenQuestions, time, cancel)).Unwrap();
        }
    }

    /// <summary>
    /// A call of an actor that belongs to this process, as <see cref="CallAsync"/>; null where it does not (any more), and nothing was
    /// sent.
    /// </summary>
    public async Task<ActorResponse?> CallHereAsync(ActorId id, ActorRequest request, bool patient, CancellationToken cancel)
    {
        while (placement.Owner(id) is { Remote: null } owner)
        {
            var settings = owner.Types[id.Type];
            var chain = settings.Reentrant ? request.Chain ?? Guid.NewGuid().ToString() : null;
            var activation = placement.Activation(id);
            var entry = await activation.Turns.EnterAsync(chain, settings.MaxStackDepth, patient, cancel);
            if (entry == Entry.Closed)
                continue;
            var turn = TurnAsync(activation, entry, request, chain);
            await Task.WhenAny(patient ? turn : Task.WhenAny(turn, activation.Turns.Stalled)).WaitAsync(cancel);
            if (!turn.IsCompleted)
                throw new ActorLostException("the replica stopped answering during the call, which may still be carried out");
            if (await turn is { } response)
                return response;
        }

        return null;
    }

    /// <summary>Ends an activation in a turn of its own, where <paramref name="still"/> holds when that turn comes.</summary>
    public async Task EvictAsync(Activation activation, Func<bool> still, CancellationToken cancel)
    {
        if (await activation.Turns.EnterAsync(null, 1, patient: true, cancel) == Entry.Closed)
            return;
        try
        {
            if (!still())
                return;
            await DeactivateAsync(activation);
            activation.Turns.Close();
            placement.Remove(activation);
        }
        finally
        {
            activation.Turns.Leave();
        }
    }

    private async Task<ActorHost> OwnerAsync(ActorId id, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        while (true)
        {
            var change = placement.NextChange;
            if (placement.Owner(id) is { } owner)
                return owner;
            try
            {
                if (!placement.Knows(id.Type))
                    Fence?.Refresh();
                if (!placement.Knows(id.Type))
                    throw new NoHostException(id);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
                await change.WaitAsync(both.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new NoHostException(id);
            }
        }
    }

    /// <summary>
    /// One turn, which ends by itself whoever waits. Null where nothing was sent and the actor has to be looked up again.
    /// </summary>
    private async Task<ActorResponse?> TurnAsync(Activation activation, Entry entry, ActorRequest request, string? chain)
    {
        try
        {
            // Within a turn the actor stays where it is, whatever happens to the ring.
            var host = entry == Entry.Reentry ? activation.Host : await SettleAsync(activation);
            if (host is null)
                return null;
            activation.LastUsed = time.GetUtcNow();
            try
            {
                return await host.CallAsync(activation.Id, request, chain);
            }
            catch (HttpRequestException error) when (
                error is
                {
                    HttpRequestError: HttpRequestError.ConnectionError,
                    InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused },
                })
            {
                // Nobody listens, and nothing was sent: another replica may have the call.
                host.MarkGone();
                placement.Leave(host);
                return null;
            }
            catch (Exception error) when (error is HttpRequestException or IOException or ObjectDisposedException)
            {
                throw new ActorLostException(
                    $"the replica broke the connection during the call, which may have been carried out: {error.Message}");
            }
        }
        finally
        {
            activation.LastUsed = time.GetUtcNow();
            activation.Turns.Leave();
        }
    }

    /// <summary>Brings the actor to the replica that it belongs to; null where that is none, or changes just now.</summary>
    private async Task<ActorHost?> SettleAsync(Activation activation)
    {
        var owner = placement.Owner(activation.Id);
        if (activation.Host is { IsUsable: true } same && same == owner)
            return same;
        await DeactivateAsync(activation);
        if (owner is null or { Remote: not null })
            return null;
        if (Fence is null)
            activation.Host = owner;
        else if (!await Fence.BeginAsync(activation.Id, owner, () => activation.Host = owner))
            return null;
        // Asked again after it is written down: a host that is suspended from now on finds this turn and says so.
        return owner.IsUsable ? owner : null;
    }

    private async Task DeactivateAsync(Activation activation)
    {
        if (activation.Host is not { } host)
            return;
        try
        {
            if (!host.IsGone && !host.MarkStale(activation.Id))
                await host.DeactivateAsync(activation.Id, CancellationToken.None);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or ObjectDisposedException)
        {
            // Nobody is there any more: nothing to be deactivated.
            log.LogDebug("{Actor} could not be deactivated: {Problem}", activation.Id, error.Message);
        }

        activation.Host = null;
        Deactivated?.Invoke(activation.Id);
    }
}

/// <summary>No replica has actors of that type.</summary>
internal sealed class NoHostException(ActorId id) : Exception(
    $"api error: code = FailedPrecondition desc = did not find address for actor '{id}'");

/// <summary>A call was sent and got no answer.</summary>
internal sealed class ActorLostException(string message) : Exception(message);
