namespace Samples.Runtime.Components;

/// <summary>An engine behind a component: one instance serves all sidecars of a run that name the same server or file.</summary>
public interface IEngine : IAsyncDisposable
{
    /// <summary>What the metadata endpoint lists for it, in Dapr's words (<c>ETAG</c>, <c>TRANSACTIONAL</c>, ...).</summary>
    IReadOnlyList<string> Capabilities { get; }

    /// <summary>Called once before first use. An exception stops the start (or, with <c>ignoreErrors</c>, drops the component).</summary>
    Task InitAsync(CancellationToken cancel) => Task.CompletedTask;
}

/// <summary>How a write treats what is already there.</summary>
public enum Concurrency
{
    /// <summary>The store's default: an ETag, where given, must match; without one the write wins.</summary>
    Unspecified,

    /// <summary>As unspecified, but without an ETag the key must not exist yet.</summary>
    FirstWrite,

    /// <summary>The write wins unless an ETag is given and does not match.</summary>
    LastWrite,
}

/// <summary>What a read found. <see cref="Data"/> is the stored bytes: JSON where the application stored JSON.</summary>
public sealed record StateItem(ReadOnlyMemory<byte> Data, string ETag, DateTimeOffset? Expires = null, string? ContentType = null);

/// <summary>One write in a state store: a set or a delete. Keys are complete (prefix included).</summary>
public abstract record StateWrite(string Key, string? ETag, Concurrency Concurrency)
{
    /// <summary>
    /// Stores a value. <paramref name="Ttl"/> null leaves its life to the store, which keeps it for ever unless it says otherwise; one that is not above
    /// zero keeps it for ever in any case.
    /// </summary>
    public sealed record Set(string Key, ReadOnlyMemory<byte> Data, string? ETag = null, Concurrency Concurrency = Concurrency.Unspecified,
        TimeSpan? Ttl = null, string? ContentType = null) : StateWrite(Key, ETag, Concurrency)
    {
        /// <summary>The life of the value in a store that keeps for ever by itself; null for one without an end.</summary>
        public TimeSpan? Life => Ttl > TimeSpan.Zero ? Ttl : null;
    }

    /// <summary>Removes a key; removing what is absent succeeds unless an ETag is given.</summary>
    public sealed record Delete(string Key, string? ETag = null, Concurrency Concurrency = Concurrency.Unspecified)
        : StateWrite(Key, ETag, Concurrency);
}

/// <summary>A key-value store. Expired items are never returned.</summary>
public interface IStateStore : IEngine
{
    /// <summary>Null where the key is absent or expired.</summary>
    Task<StateItem?> GetAsync(string key, CancellationToken cancel);

    /// <summary>
    /// Applies all writes or none. When the task completes, they are as durable as the engine promises.
    /// Throws <see cref="ETagMismatchException"/> or <see cref="InvalidETagException"/>.
    /// </summary>
    Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel);

    /// <summary>The items of several keys, in the order asked for; null for an absent one.</summary>
    async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancel)
    {
        var items = new StateItem?[keys.Count];
        for (var i = 0; i < items.Length; i++)
            items[i] = await GetAsync(keys[i], cancel);
        return items;
    }

    /// <summary>The keys that start with <paramref name="prefix"/>, in the order of their characters.</summary>
    Task<IReadOnlyList<string>> KeysWithPrefixAsync(string prefix, CancellationToken cancel);

    /// <summary>Removes every key that starts with <paramref name="prefix"/>: actors need it when a type is removed. Returns how many.</summary>
    Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel);
}

/// <summary>The stored ETag is not the one that the writer has seen. The message is the engine's own.</summary>
public sealed class ETagMismatchException(string message) : Exception(message);

/// <summary>An ETag that this engine can never have given out.</summary>
public sealed class InvalidETagException(string message) : Exception(message);

/// <summary>A setting or metadata value of a request that the engine cannot use (for example a TTL that is no number).</summary>
public class EngineRequestException(string message) : Exception(message);

/// <summary>What the engine stands for failed (a server that was called, for example): another try may succeed.</summary>
public sealed class EngineTargetException(string message) : EngineRequestException(message);

/// <summary>
/// A message on a topic. <see cref="Data"/> is the CloudEvent as JSON, or the raw payload; nobody changes it after the call, so an
/// engine may keep it. <see cref="Metadata"/> is the publisher's, for example <c>cloudevent.type</c> or <c>rawPayload</c>.
/// </summary>
public sealed record BrokerMessage(string Topic, ReadOnlyMemory<byte> Data, string? ContentType, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>From then on the broker forgets it instead of delivering it. Null where the envelope itself says when it expires, or never.</summary>
    public DateTimeOffset? Expires { get; init; }
}

/// <summary>What became of a delivered message.</summary>
public enum Delivery
{
    /// <summary>Handled (or dropped): the broker forgets it for this group.</summary>
    Done,

    /// <summary>Not handled: the broker delivers it again, to any member of the group, after its redelivery interval.</summary>
    Retry,
}

/// <summary>Handles one message of a subscription. Must not throw for an application's failure: it answers <see cref="Delivery.Retry"/>.</summary>
public delegate Task<Delivery> MessageHandler(BrokerMessage message, CancellationToken cancel);

/// <summary>Handles a batch; the answers are in the order of the messages.</summary>
public delegate Task<IReadOnlyList<Delivery>> BatchHandler(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel);

/// <summary>A broker: every group gets every message of a topic, one member of the group each.</summary>
public interface IBroker : IEngine
{
    /// <summary>Completes when all messages are as durable as the engine promises; all or none.</summary>
    Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel);

    /// <summary>
    /// Joins a group (the app id, or the component's consumerID) on a topic until the result is disposed. Disposing
    /// lets running handlers finish. A group exists from its first subscription on and keeps its position while nobody is subscribed.
    /// </summary>
    Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel);
}

/// <summary>What a subscriber asks of a broker.</summary>
/// <param name="Group">Competing consumers share it.</param>
/// <param name="Topic">The topic, exact.</param>
/// <param name="Handler">Gets batches of at most <paramref name="MaxBatch"/> messages.</param>
/// <param name="MaxBatch">1 for plain subscriptions.</param>
/// <param name="MaxAwait">How long a batch may wait to fill.</param>
public sealed record BrokerSubscription(string Group, string Topic, BatchHandler Handler, int MaxBatch = 1, TimeSpan MaxAwait = default)
{
    /// <summary>How many batches may be in handlers at once for this member; 0 leaves it to the engine.</summary>
    public int MaxInFlight { get; init; }

    /// <summary>How long a handler may take before it is cancelled; null leaves it to the engine, infinite to the handler.</summary>
    public TimeSpan? ProcessingTimeout { get; init; }
}

/// <summary>A source of events that pushes into the application.</summary>
public interface IInputBinding : IEngine
{
    /// <summary>Delivers until the result is disposed. The handler's answer, where there is one, is the application's response body.</summary>
    Task<IAsyncDisposable> StartAsync(string appId, Func<BindingEvent, CancellationToken, Task<ReadOnlyMemory<byte>>> handler, CancellationToken cancel);
}

/// <summary>An event of an input binding.</summary>
public sealed record BindingEvent(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string? ContentType = null);

/// <summary>What an output binding answered.</summary>
public sealed record BindingResult(ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata, string? ContentType = null);

/// <summary>Something outside that the application calls by operation name.</summary>
public interface IOutputBinding : IEngine
{
    /// <summary>The operations it knows, in the order that error messages list them.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <summary>Carries out one operation; throws <see cref="EngineRequestException"/> for what the caller did wrong.</summary>
    Task<BindingResult> InvokeAsync(string operation, ReadOnlyMemory<byte> data, IReadOnlyDictionary<string, string> metadata, CancellationToken cancel);
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

/// <summary>Locks with an expiry. Keys are complete (prefix included).</summary>
public interface ILockStore : IEngine
{
    /// <summary>True where <paramref name="owner"/> holds the lock now and did not before; a lock is not reentrant.</summary>
    Task<bool> TryLockAsync(string key, string owner, TimeSpan expiry, CancellationToken cancel);

    /// <summary>Releases the lock of <paramref name="owner"/>.</summary>
    Task<UnlockStatus> UnlockAsync(string key, string owner, CancellationToken cancel);
}

/// <summary>A configuration value; <see cref="Version"/> is opaque.</summary>
public sealed record ConfigurationItem(string Value, string Version, IReadOnlyDictionary<string, string> Metadata);

/// <summary>A store of configuration values that tells about changes.</summary>
public interface IConfigurationStore : IEngine
{
    /// <summary>The items of <paramref name="keys"/> that exist; all items where the list is empty.</summary>
    Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(IReadOnlyList<string> keys, CancellationToken cancel);

    /// <summary>Calls <paramref name="changed"/> for changes of <paramref name="keys"/> (all where empty) until the result is disposed.</summary>
    Task<IAsyncDisposable> SubscribeAsync(IReadOnlyList<string> keys, Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed, CancellationToken cancel);
}

/// <summary>A store of secrets. A secret is a set of named values, often one under its own name.</summary>
public interface ISecretStore : IEngine
{
    /// <summary>Null where the secret is absent.</summary>
    Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancel);

    /// <summary>All secrets.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancel);
}
