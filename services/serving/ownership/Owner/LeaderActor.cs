using Dapr.Actors;
using Dapr.Actors.Runtime;

namespace Samples.Owner;

/// <summary>The one owner, wherever it lives.</summary>
public interface ILeader : IActor
{
    /// <summary>Renews the lease of the replica that it lives on.</summary>
    Task BeatAsync();

    /// <summary>Gives the lease of this term up; the next life of this actor need not wait for its end. A later life is not concerned.</summary>
    Task StepDownAsync(long term);
}

/// <summary>
/// Dapr promises one activation at a time, but the replica of an earlier one may be frozen and believe in its lease when it wakes. So each
/// life of the actor is a new term, and begins with a wait of a whole lease: by then every earlier belief has ended. Where the earlier
/// life stepped down, there is nothing to wait for.
/// </summary>
public sealed class LeaderActor(ActorHost host, ActorOwnership here, OwnerOptions options, TimeProvider time) : Actor(host), ILeader, IRemindable
{
    private const string Heartbeat = "heartbeat", Key = "life";

    private Life _life = new(0, SteppedDown: true);
    private TimeSpan _trustedFrom;

    /// <inheritdoc/>
    protected override async Task OnActivateAsync()
    {
        var last = await StateManager.TryGetStateAsync<Life>(Key);
        var wait = last is { HasValue: true, Value.SteppedDown: false } ? options.Ttl : TimeSpan.Zero;
        _trustedFrom = time.Monotonic() + wait;
        await SaveAsync(new Life((last.HasValue ? last.Value.Term : 0) + 1, SteppedDown: false));
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
    public Task ReceiveReminderAsync(string reminderName, byte[] state, TimeSpan dueTime, TimeSpan period) => BeatAsync();

    /// <inheritdoc/>
    public Task BeatAsync()
    {
        var began = time.Monotonic();
        if (began >= _trustedFrom && !_life.SteppedDown)
            here.Take(_life.Term, began);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StepDownAsync(long term)
    {
        if (term != _life.Term)
            return;
        here.Leave();
        await SaveAsync(_life with { SteppedDown = true });
    }

    private async Task SaveAsync(Life life)
    {
        await StateManager.SetStateAsync(Key, life);
        await SaveStateAsync();
        _life = life;
    }

    /// <summary>One life of the actor.</summary>
    private sealed record Life(long Term, bool SteppedDown);
}
