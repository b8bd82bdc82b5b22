using Dapr.AppCallback.Autogen.Grpc.v1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using static Samples.Runtime.Apps.GrpcApp;

namespace Samples.Runtime.Apps;

/// <summary>The callbacks by which an application that speaks gRPC names its subscriptions and bindings, and gets their events.</summary>
internal static class GrpcEvents
{
    private static readonly Method<Empty, ListTopicSubscriptionsResponse> ListTopicSubscriptions =
        Unary("AppCallback", "ListTopicSubscriptions", Empty.Parser, ListTopicSubscriptionsResponse.Parser);

    private static readonly Method<Empty, ListInputBindingsResponse> ListInputBindings = Unary(
        "AppCallback", "ListInputBindings", Empty.Parser, ListInputBindingsResponse.Parser);
    private static readonly Method<TopicEventRequest, TopicEventResponse> OnTopicEvent = Unary(
        "AppCallback", "OnTopicEvent", TopicEventRequest.Parser, TopicEventResponse.Parser);

    private static readonly Method<TopicEventBulkRequest, TopicEventBulkResponse> OnBulkTopicEvent =
        Unary("AppCallback", "OnBulkTopicEvent", TopicEventBulkRequest.Parser, TopicEventBulkResponse.Parser);

    private static readonly Method<TopicEventBulkRequest, TopicEventBulkResponse> OnBulkTopicEventAlpha1 =
        Unary("AppCallbackAlpha", "OnBulkTopicEventAlpha1", TopicEventBulkRequest.Parser, TopicEventBulkResponse.Parser);

    private static readonly Method<BindingEventRequest, BindingEventResponse> OnBindingEvent =
        Unary("AppCallback", "OnBindingEvent", BindingEventRequest.Parser, BindingEventResponse.Parser);

    /// <summary>The topics that the application wants; none where it does not have the method.</summary>
    public static async Task<IReadOnlyList<TopicSubscription>> ListTopicsAsync(this GrpcApp app, CancellationToken cancel)
    {
        try
        {
            return (await app.CallAsync(ListTopicSubscriptions, new Empty(), [], cancel)).Subscriptions;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return [];
        }
    }

    /// <summary>The input bindings that the application wants; none where it does not have the method.</summary>
    public static async Task<IReadOnlyList<string>> ListBindingsAsync(this GrpcApp app, CancellationToken cancel)
    {
        try
        {
            return (await app.CallAsync(ListInputBindings, new Empty(), [], cancel)).Bindings;
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return [];
        }
    }

    /// <summary>Delivers an event of a topic.</summary>
    public static Task<TopicEventResponse> TellAsync(
        this GrpcApp app, TopicEventRequest topicEvent, Metadata headers, CancellationToken cancel) =>
        app.CallAsync(OnTopicEvent, topicEvent, headers, cancel);

    /// <summary>Delivers a batch, under the method's stable name or the one that came before it.</summary>
    public static async Task<TopicEventBulkResponse> TellAsync(
        this GrpcApp app, TopicEventBulkRequest batch, Metadata headers, CancellationToken cancel)
    {
        try
        {
            return await app.CallAsync(OnBulkTopicEvent, batch, headers, cancel);
        }
        catch (RpcException error) when (error.StatusCode == StatusCode.Unimplemented)
        {
            return await app.CallAsync(OnBulkTopicEventAlpha1, batch, headers, cancel);
        }
    }

    /// <summary>Delivers an event of an input binding.</summary>
    public static Task<BindingEventResponse> TellAsync(
        this GrpcApp app, BindingEventRequest happened, Metadata headers, CancellationToken cancel) =>
        app.CallAsync(OnBindingEvent, happened, headers, cancel);
}
