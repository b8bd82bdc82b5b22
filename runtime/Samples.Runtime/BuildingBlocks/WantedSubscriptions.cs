using System.Net.Http.Headers;
using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Samples.Routing;
using Samples.Runtime.Apps;
using Samples.Runtime.Resources;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>
/// Asks an application which topics it wants: at <c>/dapr/subscribe</c>, or with <c>ListTopicSubscriptions</c> where it speaks gRPC.
/// </summary>
internal sealed class WantedSubscriptions(SidecarContext context, ILogger log)
{
    /// <summary>What it answered; what cannot be used is logged and left out.</summary>
    public async Task<IReadOnlyList<Subscription>> AskAsync(CancellationToken cancel)
    {
        try
        {
            return Read(context.App.Grpc is { } grpc ? await AskGrpcAsync(grpc, cancel) : await AskHttpAsync(cancel));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException or RpcException)
        {
            log.LogError("the application could not be asked for its subscriptions: {Problem}", error.Message);
            return [];
        }
    }

    private async Task<IEnumerable<Wanted>> AskHttpAsync(CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/dapr/subscribe") { Content = new ByteArrayContent([]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("dapr-app-id", context.AppId);
        using var response = await context.App.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel);
        if ((int)response.StatusCode == 404)
            return [];
        if (!response.IsSuccessStatusCode)
        {
            log.LogError("the application answered {Status} when it was asked for its subscriptions", (int)response.StatusCode);
            return [];
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        return body.Length == 0 ? [] : JsonSerializer.Deserialize<Wanted[]>(body, JsonTexts.Compact) ?? [];
    }

    private static async Task<IEnumerable<Wanted>> AskGrpcAsync(GrpcApp app, CancellationToken cancel) =>
        (await app.ListTopicsAsync(cancel)).Select(ToWanted);

    // One handler gets all events over gRPC, so a subscription needs no route: the path is only what the handler is told.
    private static Wanted ToWanted(TopicSubscription asked)
    {
        var rules = asked.Routes?.Rules.Select(r => new WantedRule(r.Match, r.Path)).ToArray() ?? [];
        return new Wanted(
            asked.PubsubName, asked.Topic, null, new WantedRoutes(rules, asked.Routes?.Default), asked.DeadLetterTopic,
            new Dictionary<string, string>(asked.Metadata),
            asked.BulkSubscribe is { } bulk ? new WantedBulk(bulk.Enabled, bulk.MaxMessagesCount, bulk.MaxAwaitDurationMs) : null)
        {
            NeedsNoRoute = rules.Length == 0,
        };
    }

    private List<Subscription> Read(IEnumerable<Wanted> asked)
    {
        var subscriptions = new List<Subscription>();
        foreach (var wanted in asked)
        {
            try
            {
                var subscription = wanted.ToSubscription();
                if (subscription.Rules.Count > 0 || subscription.DefaultRoute is not null)
                    subscriptions.Add(subscription);
                else
                    log.LogWarning("the subscription to topic {Topic} has no route and is left out", wanted.Topic);
            }
            catch (FormatException error)
            {
                log.LogError("the subscription to topic {Topic} has a rule that cannot be used: {Problem}", wanted.Topic, error.Message);
            }
        }

        return subscriptions;
    }

    private sealed record WantedRule(string? Match, string? Path);

    private sealed record WantedRoutes(WantedRule[]? Rules, string? Default);

    private sealed record WantedBulk(bool Enabled, int MaxMessagesCount, int MaxAwaitDurationMs);

    /// <summary>What an application answers, in the shape of both API versions.</summary>
    private sealed record Wanted(
        string? PubsubName, string? Topic, string? Route, WantedRoutes? Routes, string? DeadLetterTopic,
        Dictionary<string, string>? Metadata, WantedBulk? BulkSubscribe)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public bool NeedsNoRoute { get; init; }

        public Subscription ToSubscription()
        {
            var rules = (Routes?.Rules ?? []).Where(r => !string.IsNullOrWhiteSpace(r.Match)).Select(
                r => new RoutingRule(RoutingExpression.Parse(r.Match!.Trim()), r.Path ?? ""));
            // A rule without a condition matches always, so it is the last one.
            var path = Routes?.Rules?.FirstOrDefault(r => string.IsNullOrWhiteSpace(r.Match))?.Path;
            var route = Routes?.Default is { Length: > 0 } otherwise ? otherwise
                : Route is { Length: > 0 } ? Route
                : NeedsNoRoute ? ""
                : null;
            return new Subscription(PubsubName ?? "", Topic ?? "", [.. rules], path ?? route)
            {
                DeadLetterTopic = DeadLetterTopic is { Length: > 0 } ? DeadLetterTopic : null,
                Metadata = Metadata ?? [],
                Bulk = BulkSubscribe is { Enabled: true } bulk
                    ? new BulkSubscribe(
                        bulk.MaxMessagesCount > 0 ? bulk.MaxMessagesCount : 100,
                        bulk.MaxAwaitDurationMs > 0 ? bulk.MaxAwaitDurationMs : 1000)
                    : null,
            };
        }
    }
}
