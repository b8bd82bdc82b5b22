using System.Text.Json;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>What the application said to an event.</summary>
internal enum Verdict
{
    /// <summary>Handled.</summary>
    Success,

    /// <summary>It could not; try again, or to the dead letters.</summary>
    Retry,

    /// <summary>It never will; to the dead letters, or forgotten.</summary>
    Drop,

    /// <summary>It did not get the event: no verdict, so never a dead letter.</summary>
    NotReached,
}

/// <summary>What came of a delivery.</summary>
/// <param name="Verdict">What is to happen to the event.</param>
/// <param name="Refusal">
/// The status with which the application refused it; null where it said so in another way, or did not get it.
/// </param>
internal readonly record struct EventReply(Verdict Verdict, FailedAnswerException? Refusal = null)
{
    public static implicit operator EventReply(Verdict verdict) => new(verdict);
}

/// <summary>What came of the delivery of a batch: a verdict for each entry, in their order.</summary>
/// <param name="Verdicts">As many as there are entries.</param>
/// <param name="Refusal">The status with which the application refused the batch as a whole.</param>
internal sealed record BatchReply(IReadOnlyList<Verdict> Verdicts, FailedAnswerException? Refusal = null);

/// <summary>An event for the application.</summary>
/// <param name="Envelope">The CloudEvent; it lives as long as the delivery.</param>
/// <param name="Data">The CloudEvent as JSON.</param>
/// <param name="PubSub">The component.</param>
/// <param name="Topic">Where it was published.</param>
/// <param name="Path">The route that the rules chose.</param>
/// <param name="Metadata">The publisher's metadata.</param>
internal sealed record TopicEvent(
    JsonElement Envelope, ReadOnlyMemory<byte> Data, string PubSub, string Topic, string Path,
    IReadOnlyDictionary<string, string> Metadata);

/// <summary>An event in a batch. <see cref="Event"/> is JSON: the CloudEvent, or base64 text of a raw payload.</summary>
internal sealed record BatchEntry(
    string EntryId,
    ReadOnlyMemory<byte> Event,
    string ContentType,
    IReadOnlyDictionary<string, string> Metadata,
    EventTrace Trace = default);

/// <summary>The way events take to an application: HTTP, a stream, or what other protocols there are.</summary>
internal interface IEventReceiver
{
    /// <summary>Delivers one event. Throws only when cancelled.</summary>
    Task<EventReply> DeliverAsync(TopicEvent topicEvent, CancellationToken cancel);

    /// <summary>Delivers a batch of one path. Throws only when cancelled.</summary>
    Task<BatchReply> DeliverBatchAsync(
        string pubSub, string topic, string path, IReadOnlyList<BatchEntry> entries, CancellationToken cancel);
}
