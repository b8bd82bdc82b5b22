using System.Text.Json;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Something to publish.</summary>
/// <param name="Data">The payload, or the publisher's own CloudEvent where <paramref name="ContentType"/> says so.</param>
/// <param name="ContentType">Of the payload; <c>text/plain</c> where it is absent.</param>
/// <param name="Metadata">Of the request or the entry: <c>rawPayload</c>, <c>ttlInSeconds</c>, <c>cloudevent.*</c>.</param>
/// <param name="EntryId">In a bulk request: unique in it.</param>
public sealed record Publication(
    ReadOnlyMemory<byte> Data, string? ContentType, IReadOnlyDictionary<string, string> Metadata, string? EntryId = null);

/// <summary>Publishing of one application: the envelope, who may publish where, and daprd's words for what fails.</summary>
public sealed class PubSubBlock(SidecarContext context)
{
    private readonly Dictionary<string, PubSub> _pubSubs = context.Components.All.Where(c => c.Engine is IBroker).ToDictionary(
        c => c.Component.Name,
        c => new PubSub((IBroker)c.Engine, new TopicAccess(c.Component, context.AppId),
            c.Component.Metadata.GetValueOrDefault("consumerID", "").Trim() is { Length: > 0 } group ? group : context.AppId),
        StringComparer.Ordinal);

    /// <summary>Publishes one event; when the task completes, it is as durable as the engine promises.</summary>
    public Task PublishAsync(string pubSub, string topic, Publication publication, EventTrace trace, CancellationToken cancel)
    {
        var (target, raw) = Check(pubSub, topic, publication.Metadata);
        return PublishAsync(target, pubSub, topic, [ToMessage(pubSub, topic, publication, raw, trace)], cancel);
    }

    /// <summary>Publishes all or none. Each entry's metadata is completed by the request's.</summary>
    public Task PublishManyAsync(
        string pubSub, string topic, IReadOnlyList<Publication> entries, IReadOnlyDictionary<string, string> metadata, EventTrace trace,
        CancellationToken cancel)
    {
        var (target, raw) = Check(pubSub, topic, metadata);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (string.IsNullOrEmpty(entry.EntryId) || !ids.Add(entry.EntryId))
                throw PubSubErrors.EntryIds(pubSub, topic, context.AppId);
        }

        return PublishAsync(target, pubSub, topic, [.. entries.Select(e => ToMessage(pubSub, topic, e, raw, trace))], cancel);
    }

    /// <summary>
    /// Throws where the component is not there or the names are empty, as publishing would; for callers that must read a body afterwards.
    /// </summary>
    internal (PubSub Target, bool Raw) Check(string pubSub, string topic, IReadOnlyDictionary<string, string> metadata)
    {
        if (pubSub.Length == 0)
            throw PubSubErrors.NameEmpty(metadata);
        var target = Find(pubSub) ?? throw PubSubErrors.NotFound(pubSub, metadata);
        if (topic.Length == 0)
            throw PubSubErrors.TopicEmpty(pubSub, metadata);
        return (target, IsRaw(metadata) ?? throw PubSubErrors.Metadata(pubSub, metadata,
            $"rawPayload value must be a valid boolean: actual is '{metadata["rawPayload"]}'"));
    }

    /// <summary>The component and what it means for this application; null where it is not there.</summary>
    internal PubSub? Find(string name) => _pubSubs.GetValueOrDefault(name);

    /// <summary>Publishes complete CloudEvents, all or none.</summary>
    internal Task PublishEnvelopesAsync(
        string pubSub, string topic, IReadOnlyList<ReadOnlyMemory<byte>> envelopes, CancellationToken cancel) =>
        PublishAsync(Find(pubSub) ?? throw PubSubErrors.NotFound(pubSub, null), pubSub, topic,
            [.. envelopes.Select(e => new BrokerMessage(topic, e, CloudEvents.ContentType, new Dictionary<string, string>()))], cancel);

    /// <summary>A message as it was delivered, onto another topic.</summary>
    internal Task PublishDeadLetterAsync(string pubSub, string topic, BrokerMessage message, CancellationToken cancel) =>
        PublishAsync(Find(pubSub)!, pubSub, topic, [message with { Topic = topic, Expires = null }], cancel);

    /// <summary>Whether <c>rawPayload</c> is set; null for what is no truth value in Go's sense.</summary>
    internal static bool? IsRaw(IReadOnlyDictionary<string, string> metadata) => metadata.GetValueOrDefault("rawPayload", "") switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "" or "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };

    private async Task PublishAsync(
        PubSub target, string pubSub, string topic, IReadOnlyList<BrokerMessage> messages, CancellationToken cancel)
    {
        if (!target.Access.MayPublish(topic))
            throw PubSubErrors.Forbidden(pubSub, topic, context.AppId);
        try
        {
            await context.Policies.Outbound(pubSub, ComponentKind.Pubsub).RunAsync(
                stop => target.Broker.PublishAsync(messages, stop), cancel);
            context.Metrics.Published(pubSub, topic, success: true);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            context.Metrics.Published(pubSub, topic, success: false);
            throw PubSubErrors.NotPublished(pubSub, topic, Failure.Explain(error) ?? error.Message);
        }
    }

    private BrokerMessage ToMessage(string pubSub, string topic, Publication publication, bool raw, EventTrace trace)
    {
        var now = context.Time.GetUtcNow();
        var expires = Ttl(publication.Metadata) is { } ttl && ttl < DateTimeOffset.MaxValue - now ? now + ttl : (DateTimeOffset?)null;
        if (raw)
            return new BrokerMessage(topic, publication.Data, publication.ContentType, publication.Metadata) { Expires = expires };
        var envelope = new EnvelopeContext(context.AppId, pubSub, topic, trace, now, expires);
        try
        {
            var data = publication.ContentType is { } type && ContentTypes.IsCloudEvent(type)
                ? CloudEvents.Complete(publication.Data, envelope)
                : CloudEvents.Wrap(publication.Data, publication.ContentType, publication.Metadata, envelope);
            return new BrokerMessage(topic, data, CloudEvents.ContentType, publication.Metadata);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw PubSubErrors.NoCloudEvent(pubSub, context.AppId, error.Message);
        }
    }

    // Seconds, or a duration in Go's notation; anything else means no limit, as with daprd.
    private static TimeSpan? Ttl(IReadOnlyDictionary<string, string> metadata)
    {
        var text = metadata.FirstOrDefault(
            m => m.Key.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase)
                || m.Key.Equals("ttl", StringComparison.OrdinalIgnoreCase)).Value;
        if (string.IsNullOrEmpty(text))
            return null;
        if (long.TryParse(text, out var seconds))
            return seconds > 0 && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
        try
        {
            return GoDuration.Parse(text);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}

/// <summary>A pub/sub component as one application sees it.</summary>
/// <param name="Broker">The engine.</param>
/// <param name="Access">Which topics the application may use.</param>
/// <param name="Group">The group that it consumes in: the component's <c>consumerID</c>, or the app id.</param>
internal sealed record PubSub(IBroker Broker, TopicAccess Access, string Group);
