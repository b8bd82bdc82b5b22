namespace Samples.Runtime.Components;

/// <summary>Locks with an expiry. Keys are complete (prefix included).</summary>
public interface ILockStore : IEngine
{
    /// <summary>True where <paramref name="owner"/> holds the lock now and did not before; a lock is not reentrant.</summary>
    Task<bool> TryLockAsync(string key, string owner, TimeSpan expiry, CancellationToken cancel);

    /// <summary>Releases the lock of <paramref name="owner"/>.</summary>
    Task<UnlockStatus> UnlockAsync(string key, string owner, CancellationToken cancel);
}

/// <summary>What became of an unlock; the numbers are those of Dapr's API.</summary>
public enum UnlockStatus
{
    /// <summary>Released.</summary>
    Success = 0,

    /// <summary>Nobody holds it (or it had expired).</summary>
    DoesNotExist = 1,

    /// <summary>Somebody else holds it.</summary>
    BelongsToOthers = 2,

    /// <summary>The store failed.</summary>
    InternalError = 3,
}
