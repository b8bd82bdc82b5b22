using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary><c>lock.redis</c> in Dapr's layout: a lock is a key with its owner as the value, which goes with the lock's expiry.</summary>
public sealed class RedisLockStore : ILockStore
{
    private const string Unlock = """
        local owner = redis.call('GET', KEYS[1])
        if not owner then return 1 end
        if owner ~= ARGV[1] then return 2 end
        redis.call('DEL', KEYS[1])
        return 0
        """;

    private readonly RedisConnection _redis;

    private RedisLockStore(Component component, EngineContext context) =>
        _redis = new RedisConnection(component, RedisSettings.Read(component), context.Loggers.CreateLogger("lock." + component.Name));

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new(
        "lock.redis", [.. RedisSettings.Known, new("keyPrefix"), new("redeliverInterval"), new("processingTimeout")],
        (component, context) => new RedisLockStore(component, context),
        (component, _) => RedisConnection.Identity(component));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel) => _redis.OpenAsync();

    /// <inheritdoc/>
    public Task<bool> TryLockAsync(string key, string owner, TimeSpan expiry, CancellationToken cancel) =>
        _redis.RunAsync(redis => redis.StringSetAsync(key, owner, expiry, When.NotExists)).WaitAsync(cancel);

    /// <inheritdoc/>
    public async Task<UnlockStatus> UnlockAsync(string key, string owner, CancellationToken cancel) =>
        (UnlockStatus)(int)await _redis.RunAsync(
            redis => redis.ScriptEvaluateAsync(Unlock, [key], [owner], CommandFlags.NoScriptCache)).WaitAsync(cancel);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _redis.DisposeAsync();
}
