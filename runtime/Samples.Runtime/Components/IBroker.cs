namespace Samples.Runtime.Components;

/// <summary>
/// A message on a topic. <see cref="Data"/> is the CloudEvent as JSON, or the raw payload; nobody changes it after the call, so an
/// engine may keep it. <see cref="Metadata"/> is the publisher's, for example <c>cloudevent.type</c> or <c>rawPayload</c>.
/// </summary>
public sealed record BrokerMessage(
    string Topic, ReadOnlyMemory<byte> Data, string? ContentType, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>
    /// From then on the broker forgets it instead of delivering it. Null where the envelope itself says when it expires, or never.
    /// </summary>
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

/// <summary>
/// Handles one message of a subscription. Must not throw for an application's failure: it answers <see cref="Delivery.Retry"/>.
/// </summary>
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
