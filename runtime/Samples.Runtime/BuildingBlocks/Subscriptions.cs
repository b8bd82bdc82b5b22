using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Samples.Runtime.Routing;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Where a subscription came from; the names are those of the metadata endpoint.</summary>
internal enum SubscriptionKind
{
    Declarative,
    Programmatic,
    Streaming,
}

/// <summary>
/// The subscriptions of one application. Those of the files and those that it names at <c>/dapr/subscribe</c> begin when it answers and end
/// when it is lost; a restarted application is asked anew.
/// </summary>
internal sealed class Subscriptions(SidecarContext context, PubSubBlock block) : IAsyncDisposable
{
    private readonly ILogger _log = context.Loggers.CreateLogger("sidecar." + context.AppId);
    private readonly ConcurrentDictionary<Active, byte> _active = [];
    private long _order;

    /// <summary>Subscribes an HTTP application to what it and the files name.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        await StopAsync();
        var receiver = new HttpEventReceiver(context.App, _log);
        foreach (var subscription in context.Resources.Subscriptions)
            await StartOneAsync(subscription, SubscriptionKind.Declarative, receiver, cancel);
        foreach (var subscription in await AskAsync(cancel))
            await StartOneAsync(subscription, SubscriptionKind.Programmatic, receiver, cancel);
    }

    /// <summary>Ends the application's subscriptions; running handlers finish first. Streams end with their callers.</summary>
    public Task StopAsync() => Task.WhenAll(_active.Keys.Where(a => a.Kind != SubscriptionKind.Streaming).Select(EndAsync));

    /// <summary>Subscribes until the result is disposed. Throws <see cref="Api.ApiException"/> where the application may not.</summary>
    public async Task<IAsyncDisposable> AddAsync(Subscription subscription, SubscriptionKind kind, IEventReceiver receiver, CancellationToken cancel)
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
                ProcessingTimeout = context.Policies.Inbound(subscription.PubsubName) is { Retries: true } ? Timeout.InfiniteTimeSpan : null,
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
            _log.LogError("no subscription to topic {Topic} of {PubSub}: {Problem}", subscription.Topic, subscription.PubsubName, error.Message);
        }
    }

    private async Task<IReadOnlyList<Subscription>> AskAsync(CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/dapr/subscribe") { Content = new ByteArrayContent([]) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.TryAddWithoutValidation("dapr-app-id", context.AppId);
            using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
            if ((int)response.StatusCode == 404)
                return [];
            if (!response.IsSuccessStatusCode)
            {
                _log.LogError("the application answered {Status} when it was asked for its subscriptions", (int)response.StatusCode);
                return [];
            }

            return Read(await response.Content.ReadAsByteArrayAsync(cancel));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            _log.LogError("the application could not be asked for its subscriptions: {Problem}", error.Message);
            return [];
        }
    }

    private List<Subscription> Read(byte[] body)
    {
        var subscriptions = new List<Subscription>();
        foreach (var wanted in body.Length == 0 ? [] : JsonSerializer.Deserialize<Wanted[]>(body, JsonTexts.Compact) ?? [])
        {
            try
            {
                var subscription = wanted.ToSubscription();
                if (subscription.Rules.Count > 0 || subscription.DefaultRoute is not null)
                    subscriptions.Add(subscription);
                else
                    _log.LogWarning("the subscription to topic {Topic} has no route and is left out", wanted.Topic);
            }
            catch (FormatException error)
            {
                _log.LogError("the subscription to topic {Topic} has a rule that cannot be used: {Problem}", wanted.Topic, error.Message);
            }
        }

        return subscriptions;
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

    private sealed record WantedRule(string? Match, string? Path);

    private sealed record WantedRoutes(WantedRule[]? Rules, string? Default);

    private sealed record WantedBulk(bool Enabled, int MaxMessagesCount, int MaxAwaitDurationMs);

    /// <summary>What an application answers at <c>/dapr/subscribe</c>, in the shape of both API versions.</summary>
    private sealed record Wanted(
        string? PubsubName, string? Topic, string? Route, WantedRoutes? Routes, string? DeadLetterTopic, Dictionary<string, string>? Metadata, WantedBulk? BulkSubscribe)
    {
        public Subscription ToSubscription()
        {
            var rules = (Routes?.Rules ?? []).Where(r => !string.IsNullOrWhiteSpace(r.Match)).Select(r => new RoutingRule(RoutingExpression.Parse(r.Match!.Trim()), r.Path ?? ""));
            // A rule without a condition matches always, so it is the last one.
            var path = Routes?.Rules?.FirstOrDefault(r => string.IsNullOrWhiteSpace(r.Match))?.Path;
            var route = Routes?.Default is { Length: > 0 } otherwise ? otherwise : Route is { Length: > 0 } ? Route : null;
            return new Subscription(PubsubName ?? "", Topic ?? "", [.. rules], path ?? route)
            {
                DeadLetterTopic = DeadLetterTopic is { Length: > 0 } ? DeadLetterTopic : null,
                Metadata = Metadata ?? [],
                Bulk = BulkSubscribe is { Enabled: true } bulk
                    ? new BulkSubscribe(bulk.MaxMessagesCount > 0 ? bulk.MaxMessagesCount : 100, bulk.MaxAwaitDurationMs > 0 ? bulk.MaxAwaitDurationMs : 1000)
                    : null,
            };
        }
    }
}
