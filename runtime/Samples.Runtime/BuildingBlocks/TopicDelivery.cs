using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Routing;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>
/// What happens to the messages of one subscription: envelope, expiry, route, delivery, and for what failed the dead letter topic or
/// another try by the broker.
/// </summary>
internal sealed class TopicDelivery(
    SidecarContext context, PubSubBlock block, Subscription subscription, IEventReceiver receiver, ILogger log)
{
    private readonly bool? _raw = PubSubBlock.IsRaw(subscription.Metadata);

    /// <summary>Handles what a broker delivers.</summary>
    public async Task<IReadOnlyList<Delivery>> HandleAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel) =>
        subscription.Bulk is null ? [await HandleOneAsync(messages[0], cancel)] : await HandleBatchAsync(messages, cancel);

    private async Task<Delivery> HandleOneAsync(BrokerMessage message, CancellationToken cancel)
    {
        var (data, envelope, verdict) = Open(message);
        using (envelope)
        {
            if (envelope is not null && verdict is null)
            {
                var (path, routed) = Route(envelope.RootElement, message.Topic);
                verdict = path is null ? routed : await AttemptAsync(
                    new TopicEvent(envelope.RootElement, data, subscription.PubsubName, message.Topic, path, message.Metadata), cancel);
            }
        }

        return await ConcludeAsync(message, verdict!.Value, cancel);
    }

    // With a policy for inbound events, a dead letter is what is left when the policy has given up; without one there is one attempt.
    private async Task<Verdict> AttemptAsync(TopicEvent topicEvent, CancellationToken cancel)
    {
        var verdict = Verdict.NotReached;
        await UnderPolicyAsync(async stop =>
        {
            (verdict, var refusal) = await receiver.DeliverAsync(topicEvent, stop);
            return IsFinal(verdict) ? null : refusal ?? (Exception)new UndeliveredException();
        }, () => verdict = Verdict.Retry, cancel);
        return verdict;
    }

    // An attempt answers what keeps the event from being done; null where nothing does.
    private async Task UnderPolicyAsync(Func<CancellationToken, Task<Exception?>> attempt, Action failed, CancellationToken cancel)
    {
        try
        {
            if (context.Policies.Inbound(subscription.PubsubName, ComponentKind.Pubsub) is not { } policy)
            {
                await attempt(cancel);
                return;
            }

            await policy.RunAsync(async stop =>
            {
                // Each try has the limit that the broker has where there is no policy: an application may be frozen.
                using var limit = new CancellationTokenSource(BrokerSettings.Default.ProcessingTimeout, context.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, limit.Token);
                return await attempt(either.Token) is { } undone ? throw undone : true;
            }, cancel);
        }
        catch (Exception error) when (error is UndeliveredException or FailedAnswerException)
        {
            // The last verdict stands.
        }
        catch (OperationCanceledException)
        {
            // The subscription ends, or the application took longer than it may: the broker gives the message to somebody.
        }
        catch (Exception error) when (Failure.Explain(error) is { } why)
        {
            log.LogWarning("an event of topic {Topic} was not delivered: {Problem}", subscription.Topic, why);
            failed();
        }
    }

    private static bool IsFinal(Verdict verdict) => verdict is Verdict.Success or Verdict.Drop;

    private async Task<IReadOnlyList<Delivery>> HandleBatchAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel)
    {
        var verdicts = new Verdict?[messages.Count];
        var byPath = new Dictionary<string, List<(int Index, BatchEntry Entry)>>(StringComparer.Ordinal);
        for (var i = 0; i < messages.Count; i++)
        {
            var (data, envelope, verdict) = Open(messages[i]);
            using (envelope)
            {
                if (envelope is null || verdict is not null)
                {
                    verdicts[i] = verdict;
                    continue;
                }

                var (path, routed) = Route(envelope.RootElement, messages[i].Topic);
                if (path is null)
                {
                    verdicts[i] = routed;
                    continue;
                }

                if (!byPath.TryGetValue(path, out var entries))
                    byPath.Add(path, entries = []);
                // The payload alone where the subscription is raw: a batch does not wrap it.
                entries.Add((i, _raw == true
                    ? new BatchEntry(
                        Guid.NewGuid().ToString(), JsonSerializer.SerializeToUtf8Bytes(messages[i].Data.ToArray()),
                        "application/octet-stream", messages[i].Metadata)
                    : new BatchEntry(
                        Guid.NewGuid().ToString(), data, CloudEvents.ContentType, messages[i].Metadata,
                        EventTrace.Of(envelope.RootElement))));
            }
        }

        foreach (var (path, entries) in byPath)
        {
            var answers = await AttemptAsync(messages[0].Topic, path, [.. entries.Select(e => e.Entry)], cancel);
            for (var i = 0; i < entries.Count; i++)
                verdicts[entries[i].Index] = answers[i];
        }

        return await Task.WhenAll(messages.Zip(verdicts, (message, verdict) => ConcludeAsync(message, verdict!.Value, cancel)));
    }

    // A policy tries again only with what has no final verdict yet.
    private async Task<Verdict[]> AttemptAsync(string topic, string path, IReadOnlyList<BatchEntry> entries, CancellationToken cancel)
    {
        var verdicts = Enumerable.Repeat(Verdict.NotReached, entries.Count).ToArray();
        int[] open = [.. Enumerable.Range(0, entries.Count)];
        await UnderPolicyAsync(async stop =>
        {
            var answers = await receiver.DeliverBatchAsync(subscription.PubsubName, topic, path, [.. open.Select(i => entries[i])], stop);
            for (var i = 0; i < open.Length; i++)
                verdicts[open[i]] = answers.Verdicts[i];
            open = [.. open.Where(i => !IsFinal(verdicts[i]))];
            return open.Length == 0 ? null : answers.Refusal ?? (Exception)new UndeliveredException();
        }, () => Array.ForEach(open, i => verdicts[i] = Verdict.Retry), cancel);
        return verdicts;
    }

    private (ReadOnlyMemory<byte> Data, JsonDocument? Envelope, Verdict? Verdict) Open(BrokerMessage message)
    {
        if (_raw is null)
        {
            log.LogError(
                "the subscription to {Topic} has a rawPayload that is no truth value: {Value}", subscription.Topic,
                subscription.Metadata["rawPayload"]);
            return (default, null, Verdict.Retry);
        }

        var data = _raw.Value ? CloudEvents.FromRaw(message.Data, message.Topic, subscription.PubsubName, message.Metadata) : message.Data;
        try
        {
            var envelope = JsonDocument.Parse(data);
            if (envelope.RootElement.ValueKind != JsonValueKind.Object)
            {
                envelope.Dispose();
                throw new JsonException("a CloudEvent is a JSON object");
            }

            if (!CloudEvents.HasExpired(envelope.RootElement, context.Time.GetUtcNow()))
                return (data, envelope, null);
            log.LogWarning("an event of topic {Topic} expired before it was delivered", message.Topic);
            return (data, envelope, Verdict.Drop);
        }
        catch (JsonException error)
        {
            log.LogError(
                "a message of topic {Topic} is no CloudEvent: {Problem}. Publishers of raw payloads need subscribers with rawPayload.",
                message.Topic, error.Message);
            return (default, null, Verdict.Retry);
        }
    }

    private (string? Path, Verdict Verdict) Route(JsonElement envelope, string topic)
    {
        try
        {
            foreach (var rule in subscription.Rules)
            {
                if (rule.Expression.Matches(envelope))
                    return (rule.Path, default);
            }
        }
        catch (RoutingException error)
        {
            log.LogError("an event of topic {Topic} cannot be routed: {Problem}", topic, error.Message);
            return (null, Verdict.Retry);
        }

        return (subscription.DefaultRoute, Verdict.Drop);
    }

    private async Task<Delivery> ConcludeAsync(BrokerMessage message, Verdict verdict, CancellationToken cancel)
    {
        context.Metrics.Delivered(
            subscription.PubsubName, message.Topic, verdict switch { Verdict.Success => "success", Verdict.Drop => "drop", _ => "retry" });
        var (delivery, result) = await SettleAsync(message, verdict, cancel);
        context.Delivered?.Invoke(
            new AppDelivery(DeliveryKind.Event, context.AppId, subscription.PubsubName, message.Topic, message.Data, result));
        return delivery;
    }

    private async Task<(Delivery, DeliveryResult)> SettleAsync(BrokerMessage message, Verdict verdict, CancellationToken cancel)
    {
        if (verdict is Verdict.Success)
            return (Delivery.Done, DeliveryResult.Success);
        if (verdict is not Verdict.NotReached
            && subscription.DeadLetterTopic is { Length: > 0 } deadLetters
            && !cancel.IsCancellationRequested)
        {
            try
            {
                await block.PublishDeadLetterAsync(subscription.PubsubName, deadLetters, message, cancel);
                return (Delivery.Done, DeliveryResult.DeadLettered);
            }
            catch (Exception error) when (error is ApiException or OperationCanceledException)
            {
                log.LogError(
                    "a message of topic {Topic} was not taken by the dead letter topic {DeadLetters}: {Problem}", message.Topic,
                    deadLetters, error.Message);
                return (Delivery.Retry, DeliveryResult.Failed);
            }
        }

        return verdict switch
        {
            Verdict.Drop => (Delivery.Done, DeliveryResult.Dropped),
            Verdict.NotReached => (Delivery.Retry, DeliveryResult.NotReached),
            _ => (Delivery.Retry, DeliveryResult.Failed),
        };
    }

    private sealed class UndeliveredException : Exception;
}
