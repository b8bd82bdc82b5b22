using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Grpc.Net.Client;
using Xunit;
using Reply = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse;
using Request = Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1;
using Response = Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Conformance;

/// <summary>Subscriptions that live as long as a gRPC stream; the application needs no port.</summary>
public sealed class StreamingSubscriptionTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact(Timeout = 30_000)]
    public async Task A_stream_gets_events_and_answers_each()
    {
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync(("redeliverInterval", "20ms"));
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        using var stream = await SubscribeAsync(channel, "orders", "dead", cancel);
        using var dead = await SubscribeAsync(channel, "dead", "", cancel);
        using var dapr = Machine.Client(sidecar);
        await dapr.PublishEventAsync(
            "pubsub", "orders", new { id = 7 }, new Dictionary<string, string> { ["cloudevent.subject"] = "s" }, cancel);
        var first = await NextAsync(stream, cancel);
        Assert.Equal(
            ("""{"id":7}""", "application/json", "orders", "pubsub", "/", "com.dapr.event.sent", "app1"),
            (first.Data.ToStringUtf8(), first.DataContentType,
            first.Topic, first.PubsubName, first.Path, first.Type, first.Source));
        Assert.Equal("s", first.Extensions.Fields["subject"].StringValue);
        await AnswerAsync(stream, first.Id, Status.Success, cancel);
        await dapr.PublishEventAsync("pubsub", "orders", "refused", cancel);
        var refused = await NextAsync(stream, cancel);
        await AnswerAsync(stream, refused.Id, Status.Drop, cancel);
        Assert.Equal(refused.Id, (await NextAsync(dead, cancel)).Id);
        var metadata = await dapr.GetMetadataAsync(cancel);
        Assert.Equal("app1", metadata.Id);
    }

    [Fact(Timeout = 30_000), EmbeddedOnly(PubSubTests.NoRedelivery)]
    public async Task What_a_stream_left_unanswered_or_refused_comes_again_to_whoever_is_there()
    {
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync(("redeliverInterval", "20ms"));
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        using var dapr = Machine.Client(sidecar);
        string id;
        using (var leaving = await SubscribeAsync(channel, "orders", "", cancel))
        {
            await dapr.PublishEventAsync("pubsub", "orders", 1, cancel);
            id = (await NextAsync(leaving, cancel)).Id;
        }

        using var stream = await SubscribeAsync(channel, "orders", "", cancel);
        Assert.Equal(id, (await NextAsync(stream, cancel)).Id);
        await AnswerAsync(stream, id, Status.Retry, cancel);
        Assert.Equal(id, (await NextAsync(stream, cancel)).Id);
        await AnswerAsync(stream, id, Status.Success, cancel);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("", "t", StatusCode.Unknown, "pubsubName is required")]
    [InlineData("pubsub", "", StatusCode.Unknown, "topic is required")]
    [InlineData("nosuch", "t", StatusCode.InvalidArgument, "pubsub nosuch is not found")]
    public async Task A_wrong_beginning_ends_the_stream(string pubSub, string topic, StatusCode status, string message)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{(await StartAsync()).GrpcPort}");
        using var stream = new Wire(channel).SubscribeTopicEventsAlpha1(cancellationToken: cancel);
        await stream.RequestStream.WriteAsync(
            new Request { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = pubSub, Topic = topic } }, cancel);
        var error = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(cancel));
        Assert.Equal((status, message), (error.StatusCode, error.Status.Detail));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_sidecar_stops_although_a_stream_is_open()
    {
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync();
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        var stream = await SubscribeAsync(channel, "orders", "", cancel);
        using var dapr = Machine.Client(sidecar);
        await dapr.PublishEventAsync("pubsub", "orders", 1, cancel);
        await NextAsync(stream, cancel);
        var stopping = sidecar.StopAsync();
        // The stream ends by itself, although its last event has no answer yet; a caller that sees this lets go of it.
        try
        {
            Assert.False(await stream.ResponseStream.MoveNext(cancel));
        }
        catch (RpcException error)
        {
            // The connection may close before the end of the stream was read.
            Assert.NotEqual(StatusCode.Cancelled, error.StatusCode);
        }

        stream.Dispose();
        await stopping;
    }

    private Task<ITestedSidecar> StartAsync(params (string, string)[] settings) =>
        _machine.StartAsync(Machine.Component("pubsub", "pubsub.in-memory", settings));

    private static async Task<AsyncDuplexStreamingCall<Request, Response>> SubscribeAsync(
        GrpcChannel channel, string topic, string deadLetters, CancellationToken cancel)
    {
        var stream = new Wire(channel).SubscribeTopicEventsAlpha1(cancellationToken: cancel);
        var initial = new SubscribeTopicEventsRequestInitialAlpha1
        {
            PubsubName = "pubsub",
            Topic = topic,
            DeadLetterTopic = deadLetters,
        };
        await stream.RequestStream.WriteAsync(new Request { InitialRequest = initial }, cancel);
        Assert.True(await stream.ResponseStream.MoveNext(cancel));
        Assert.NotNull(stream.ResponseStream.Current.InitialResponse);
        return stream;
    }

    private static async Task<Dapr.AppCallback.Autogen.Grpc.v1.TopicEventRequest> NextAsync(
        AsyncDuplexStreamingCall<Request, Response> stream, CancellationToken cancel)
    {
        Assert.True(await stream.ResponseStream.MoveNext(cancel));
        return stream.ResponseStream.Current.EventMessage;
    }

    private static Task AnswerAsync(
        AsyncDuplexStreamingCall<Request, Response> stream, string id, Status status, CancellationToken cancel)
    {
        var processed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = id, Status = new Reply { Status = status } };
        return stream.RequestStream.WriteAsync(new Request { EventProcessed = processed }, cancel);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
