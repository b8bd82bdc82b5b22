using Dapr.Client;

namespace Samples.Owner;

/// <summary>
/// Dapr's distributed lock as a lease. The lock ends by itself, but it cannot be renewed: whoever holds it is refused like everybody
/// else. Hence two locks, which the owner takes in turn: it always holds one of them, and a candidate needs both. So there is no moment
/// in which a second replica could become the owner, and none in which the owner holds nothing.
/// The lock has no number either: the term comes from a counter in state, raised once by whoever got both locks.
/// </summary>
public sealed class LockOwnership(DaprClient dapr, OwnerOptions options, BeliefHistory history, TimeProvider time) : Ownership(history)
{
    private const string TermKey = "owner-lock-term";
    private static readonly string[] Locks = ["owner-a", "owner-b"];
    private static readonly TimeSpan Way = TimeSpan.FromSeconds(1);

    // Who holds a lock is this process in this life: what an earlier life held must expire.
    private readonly string _holder = $"{options.Replica}/{Guid.NewGuid():N}";
    private int _held;

    /// <inheritdoc/>
    public override string Mechanism => "lock";

    /// <inheritdoc/>
    public override async Task<TimeSpan> BeatAsync(CancellationToken cancel)
    {
        if (Lease is { } lease && lease.IsValid(time))
            return await RenewAsync(lease, cancel);
        Lease = null;
        return await TryAcquireAsync(cancel) ? options.Renewal : options.Look;
    }

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken cancel)
    {
        Lease = null;
        // Both: a beat that failed half-way may have left the other one locked.
        await UnlockAsync(0, cancel);
        await UnlockAsync(1, cancel);
    }

    private async Task<TimeSpan> RenewAsync(Lease lease, CancellationToken cancel)
    {
        var other = 1 - _held;
        var began = time.Monotonic();
        // A candidate may have this one for the moment that it takes to see that the other is held: soon again.
        if (!await TryLockAsync(other, options.Ttl, cancel))
            return options.Renewal / 10;
        (var previous, _held) = (_held, other);
        Lease = lease with { From = time.Monotonic(), Until = began + options.Belief };
        await UnlockAsync(previous, cancel);
        return options.Renewal;
    }

    private async Task<bool> TryAcquireAsync(CancellationToken cancel)
    {
        // The first lock is only the way to the second: were this replica to die between them, it shall not be in the owner's way for long.
        if (!await TryLockAsync(0, Way, cancel))
            return false;
        try
        {
            var began = time.Monotonic();
            if (!await TryLockAsync(1, options.Ttl, cancel))
                return false;
            _held = 1;
            Lease = new Lease(await NextTermAsync(cancel), time.Monotonic(), began + options.Belief);
            return true;
        }
        finally
        {
            await UnlockAsync(0, CancellationToken.None);
        }
    }

    private async Task<long> NextTermAsync(CancellationToken cancel)
    {
        while (true)
        {
            var (term, etag) = await dapr.GetStateAndETagAsync<long>(options.StateStore, TermKey, cancellationToken: cancel);
            var raised = etag.Length > 0
                ? await dapr.TrySaveStateAsync(options.StateStore, TermKey, term + 1, etag, cancellationToken: cancel)
                : await dapr.TryCreateAsync(options.StateStore, TermKey, term + 1, cancel);
            if (raised)
                return term + 1;
        }
    }

    // The lock is an alpha API in Dapr, and the SDK says so with a warning; the pattern's page says it too.
#pragma warning disable CS0618, DAPR_DISTRIBUTEDLOCK
    private async Task<bool> TryLockAsync(int which, TimeSpan expiry, CancellationToken cancel)
    {
        try
        {
            return (await dapr.Lock(options.LockStore, Locks[which], _holder, (int)Math.Ceiling(expiry.TotalSeconds), cancel)).Success;
        }
        catch
        {
            // Nobody knows whether it was granted. Given back, it is in nobody's way.
            await UnlockAsync(which, CancellationToken.None);
            throw;
        }
    }

    private async Task UnlockAsync(int which, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.Renewal, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        await dapr.Unlock(options.LockStore, Locks[which], _holder, either.Token);
    }
#pragma warning restore CS0618, DAPR_DISTRIBUTEDLOCK
}
