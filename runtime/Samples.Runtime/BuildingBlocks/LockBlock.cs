using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>The distributed lock: alpha in Dapr, and not reentrant there either.</summary>
internal sealed class LockBlock(SidecarContext context)
{
    private const string Separator = "||";
    private const string TryLockFailed = "failed to try acquiring lock";
    private const string UnlockFailed = "failed to release lock";

    /// <summary>True where <paramref name="owner"/> holds the lock now and did not before.</summary>
    public Task<bool> TryLockAsync(string store, string? resource, string? owner, int seconds, CancellationToken cancel)
    {
        var engine = Find(store, resource, owner);
        if (seconds <= 0)
            throw ApiException.Malformed($"ExpiryInSeconds is not positive in lock store {store}");
        var key = Key(resource!, "ERR_TRY_LOCK", TryLockFailed);
        return context.Policies.GovernAsync(store, ComponentKind.Lock, "ERR_TRY_LOCK", TryLockFailed,
            stop => engine.TryLockAsync(key, owner!, TimeSpan.FromSeconds(seconds), stop), cancel);
    }

    /// <summary>Releases the lock of <paramref name="owner"/>.</summary>
    public Task<UnlockStatus> UnlockAsync(string store, string? resource, string? owner, CancellationToken cancel)
    {
        var engine = Find(store, resource, owner);
        var key = Key(resource!, "ERR_UNLOCK", UnlockFailed);
        return context.Policies.GovernAsync(store, ComponentKind.Lock, "ERR_UNLOCK", UnlockFailed,
            stop => engine.UnlockAsync(key, owner!, stop), cancel);
    }

    private string Key(string resource, string code, string failed) => resource.Contains(Separator, StringComparison.Ordinal)
        ? throw new ApiException(500, code, StatusCode.Internal, $"{failed}: input key/keyPrefix '{resource}' can't contain '{Separator}'")
        : $"lock{Separator}{context.AppId}{Separator}{resource}";

    private ILockStore Find(string store, string? resource, string? owner)
    {
        var engine = context.Components.Find<ILockStore>(store)
            ?? throw (context.Components.All.Any(c => c.Engine is ILockStore)
                ? new ApiException(400, "ERR_LOCK_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"lock store {store} not found")
                : new ApiException(500, "ERR_LOCK_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition, "lock store is not configured"));
        if (string.IsNullOrEmpty(resource))
            throw ApiException.Malformed($"ResourceId is empty in lock store {store}");
        if (string.IsNullOrEmpty(owner))
            throw ApiException.Malformed($"LockOwner is empty in lock store {store}");
        return engine;
    }
}
