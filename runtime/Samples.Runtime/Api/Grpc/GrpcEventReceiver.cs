using Dapr.AppCallback.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Resilience;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// Events for an application that speaks gRPC, as <c>OnTopicEvent</c> and <c>OnBulkTopicEvent</c>, with the publisher's metadata as
/// headers. An application without the method loses its events, and not to the dead letters: so it is with daprd.
/// </summary>
internal sealed class GrpcEventReceiver(GrpcApp app, ILogger log) : IEventReceiver
{
    public async Task<EventReply> DeliverAsync(TopicEvent topicEvent, CancellationToken cancel)
    {
        try
        {
            var headers = Headers(topicEvent.PubSub, topicEvent.Metadata, EventTrace.Of(topicEvent.Envelope));
            return ToVerdict((await app.TellAsync(EventMessages.ToMessage(topicEvent), headers, cancel)).Status);
        }
        catch (HttpRequestException)
        {
            return Verdict.NotReached;
        }
        catch (RpcException error)
        {
            return ToReply(error, topicEvent.Topic);
        }
    }

    public async Task<BatchReply> DeliverBatchAsync(
        string pubSub, string topic, string path, IReadOnlyList<BatchEntry> entries, CancellationToken cancel)
    {
        var batch = new TopicEventBulkRequest
        {
            Id = Guid.NewGuid().ToString(),
            Topic = topic,
            PubsubName = pubSub,
            Path = path,
            Type = "com.dapr.event.sent.bulk",
        };
        batch.Entries.Add(entries.Select(EventMessages.ToMessage));
        batch.Metadata["pubsubName"] = pubSub;
        try
        {
            // One call has one trace: that of the last event, as with daprd.
            var answer = await app.TellAsync(batch, Headers(pubSub, new Dictionary<string, string>(), entries[^1].Trace), cancel);
            var statuses = answer.Statuses.GroupBy(s => s.EntryId).ToDictionary(s => s.Key, s => s.Last().Status, StringComparer.Ordinal);
            // In a batch silence is no consent: an entry without a status is delivered again.
            return new BatchReply(
                [.. entries.Select(e => statuses.TryGetValue(e.EntryId, out var status) ? ToVerdict(status) : Verdict.Retry)]);
        }
        catch (HttpRequestException)
        {
            return new BatchReply([.. entries.Select(_ => Verdict.NotReached)]);
        }
        catch (RpcException error)
        {
            var (verdict, refusal) = ToReply(error, topic);
            return new BatchReply([.. entries.Select(_ => verdict)], refusal);
        }
    }

    private EventReply ToReply(RpcException error, string topic)
    {
        log.LogWarning(
            "the application answered {Status} to an event of topic {Topic}: {Problem}", error.StatusCode, topic, error.Status.Detail);
        return error.StatusCode == StatusCode.Unimplemented
            ? Verdict.Success
            : new EventReply(Verdict.Retry, new FailedAnswerException((int)error.StatusCode, error, isGrpc: true));
    }

    private static Verdict ToVerdict(Status status) => status switch
    {
        Status.Success => Verdict.Success,
        Status.Drop => Verdict.Drop,
        _ => Verdict.Retry,
    };

    private static Metadata Headers(string pubSub, IReadOnlyDictionary<string, string> publisher, EventTrace trace)
    {
        var headers = new Metadata();
        Add("pubsubname", pubSub);
        foreach (var (name, value) in PublisherMetadata.Passed(publisher))
            Add(name.ToLowerInvariant(), value);
        if (string.IsNullOrEmpty(trace.Parent))
            return headers;
        headers.Add(TraceContext.Parent, trace.Parent);
        if (TraceContext.ToBinary(trace.Parent) is { } binary)
            headers.Add(TraceContext.Binary, binary);
        if (!string.IsNullOrEmpty(trace.State))
            Add("tracestate", trace.State);
        return headers;

        // What gRPC keeps for itself, and what its headers cannot carry, stays out.
        void Add(string name, string value)
        {
            if (name.Length > 0 && !name.StartsWith("grpc-", StringComparison.Ordinal) && !name.EndsWith("-bin", StringComparison.Ordinal)
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && value.All(c => c is >= ' ' and < '\x7f'))
                headers.Add(name, value);
        }
    }
}
