using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Where a subscription came from; the names are those of the metadata endpoint.</summary>
internal enum SubscriptionKind
{
    Declarative,
    Programmatic,
    Streaming,
}

/// <summary>
/// The subscriptions of one application. Those of the files and those that it names itself begin when it answers and end when it is
/// lost; a restarted application is asked anew.
/// </summary>
internal sealed class Subscriptions(SidecarContext context, PubSubBlock block, IEventReceiver app) : IAsyncDisposable
{
    private readonly ILogger _log = context.Loggers.CreateLogger("sidecar." + context.AppId);
    private readonly ConcurrentDictionary<Active, byte> _active = [];
    private long _order;

    /// <summary>Subscribes the application to what it and the files name.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await StopAsync();
        foreach (var subscription in context.Resources.Subscriptions)
            await StartOneAsync(subscription, SubscriptionKind.Declarative, app, cancel);
        foreach (var subscription in await new WantedSubscriptions(context, _log).AskAsync(cancel))
            await StartOneAsync(subscription, SubscriptionKind.Programmatic, app, cancel);
    }

    /// <summary>Ends the application's subscriptions; running handlers finish first. Streams end with their callers.</summary>
    public Task StopAsync() => Task.WhenAll(_active.Keys.Where(a => a.Kind != SubscriptionKind.Streaming).Select(EndAsync));

    /// <summary>Subscribes until the result is disposed. Throws <see cref="Errors.ApiException"/> where the application may not.</summary>
    public async Task<IAsyncDisposable> AddAsync(
        Subscription subscription, SubscriptionKind kind, IEventReceiver receiver, CancellationToken cancel)
    {
        var target = block.Find(subscription.PubsubName) ?? throw PubSubErrors.NotFound(subscription.PubsubName, null);
        if (!target.Access.MaySubscribe(subscription.Topic))
            throw PubSubErrors.Forbidden(subscription.PubsubName, subscription.Topic, context.AppId);
        var delivery = new TopicDelivery(context, block, subscription, receiver, _log);
        var running = await target.Broker.SubscribeAsync(
            new BrokerSubscription(target.Group, subscription.Topic, delivery.HandleAsync, subscription.Bulk?.MaxMessagesCount ?? 1,
                TimeSpan.FromMilliseconds(subscription.Bulk?.MaxAwaitDurationMs ?? 0))
            {
                // The tries of a policy may take longer together than one may.
                ProcessingTimeout = context.Policies.Inbound(subscription.PubsubName, ComponentKind.Pubsub) is { Retries: true }
                    ? Timeout.InfiniteTimeSpan
                    : null,
            }, cancel);
        var active = new Active(Interlocked.Increment(ref _order), subscription, kind, running);
        _active[active] = 0;
        return new Ending(() => EndAsync(active));
    }

    /// <summary>What the metadata endpoint tells.</summary>
    public IReadOnlyList<object> Describe() =>
    [
        .. _active.Keys.OrderBy(a => a.Kind).ThenBy(a => a.Order).Select(a => new Dictionary<string, object>(Members(a))),
    ];

    private static IEnumerable<KeyValuePair<string, object>> Members(Active active)
    {
        var subscription = active.Subscription;
        yield return new("pubsubname", subscription.PubsubName);
        yield return new("topic", subscription.Topic);
        if (subscription.Metadata.Count > 0)
            yield return new("metadata", subscription.Metadata);
        IEnumerable<object> rules = subscription.Rules.Select(r => (object)new { match = r.Match, path = r.Path });
        yield return new("rules", subscription.DefaultRoute is { } path ? rules.Append(new { path }).ToArray() : rules.ToArray());
        yield return new("deadLetterTopic", subscription.DeadLetterTopic ?? "");
        yield return new("type", active.Kind.ToString().ToUpperInvariant());
    }

    private async Task StartOneAsync(Subscription subscription, SubscriptionKind kind, IEventReceiver receiver, CancellationToken cancel)
    {
        try
        {
            await AddAsync(subscription, kind, receiver, cancel);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // One that cannot be served must not keep the application from the others.
            _log.LogError(
                "no subscription to topic {Topic} of {PubSub}: {Problem}", subscription.Topic, subscription.PubsubName, error.Message);
        }
    }

    private async Task EndAsync(Active active)
    {
        if (_active.TryRemove(active, out _))
            await active.Running.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_active.Keys.Select(EndAsync));

    private sealed record Active(long Order, Subscription Subscription, SubscriptionKind Kind, IAsyncDisposable Running);

    private sealed class Ending(Func<Task> end) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await end();
    }
}
