using System.Collections.Concurrent;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Errors;
using Samples.Runtime.Resources;
using Initial = Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestInitialAlpha1;
using Request = Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1;
using Response = Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1;
using Status = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Samples.Runtime.Api.Grpc;

/// <summary>
/// A subscription that lives as long as a gRPC stream: the caller names a topic, gets its events, and answers each with a status. It
/// needs no port of its own and may come and go while the application runs.
/// </summary>
internal sealed class StreamingSubscription(IServerStreamWriter<Response> stream) : IEventReceiver, IDisposable
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Verdict>> _waiting = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _gone = new();

    public static void Bind(GrpcMethods methods, Subscriptions subscriptions) =>
        methods.DuplexStream<Request, Response>("SubscribeTopicEventsAlpha1",
        async (requests, stream, call) =>
        {
            // The sidecar's stop must not wait for a stream that nobody ends.
            var stopping = call.GetHttpContext().RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            using var end = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken, stopping);
            using var streaming = new StreamingSubscription(stream);
            await streaming.RunAsync(await FirstAsync(requests, end.Token), requests, subscriptions, end.Token);
        });

    public async Task<EventReply> DeliverAsync(TopicEvent topicEvent, CancellationToken cancel)
    {
        var message = EventMessages.ToMessage(topicEvent);
        // The answer names the event by its id; an event that has none gets one for its way.
        if (message.Id.Length == 0)
            message.Id = Guid.NewGuid().ToString();
        var answer = new TaskCompletionSource<Verdict>(TaskCreationOptions.RunContinuationsAsynchronously);
        // A second event of the same id waits for the broker's next try, or its answer could not be told from the first one's.
        if (!_waiting.TryAdd(message.Id, answer))
            return Verdict.NotReached;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel, _gone.Token);
        try
        {
            await WriteAsync(new Response { EventMessage = message }, end.Token);
            return await answer.Task.WaitAsync(end.Token);
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException or IOException)
        {
            return Verdict.NotReached;
        }
        finally
        {
            _waiting.TryRemove(message.Id, out _);
        }
    }

    public Task<BatchReply> DeliverBatchAsync(
        string pubSub, string topic, string path, IReadOnlyList<BatchEntry> entries, CancellationToken cancel) =>
        throw new NotSupportedException("a stream has no bulk subscription");

    private static async Task<Initial> FirstAsync(IAsyncStreamReader<Request> requests, CancellationToken cancel)
    {
        var first = await requests.MoveNext(cancel) ? requests.Current.InitialRequest : null;
        if (first is null)
            throw Wrong("initial request is required");
        if (first.PubsubName.Length == 0)
            throw Wrong("pubsubName is required");
        return first.Topic.Length > 0 ? first : throw Wrong("topic is required");
    }

    private async Task RunAsync(
        Initial wanted, IAsyncStreamReader<Request> requests, Subscriptions subscriptions, CancellationToken cancel)
    {
        var subscription = new Subscription(wanted.PubsubName, wanted.Topic, [], "/")
        {
            Metadata = wanted.Metadata.ToDictionary(),
            DeadLetterTopic = wanted.HasDeadLetterTopic && wanted.DeadLetterTopic.Length > 0 ? wanted.DeadLetterTopic : null,
        };
        // The caller may count on it from this answer on, so it comes first on the stream.
        await _writing.WaitAsync(cancel);
        await using var running = await AddAsync(subscriptions, subscription, cancel);
        try
        {
            while (await requests.MoveNext(cancel))
                Answer(requests.Current.EventProcessed ?? throw Wrong("duplicate initial request received"));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The caller went away, or the sidecar stops.
        }
        finally
        {
            // Nobody will answer any more: what is out goes back to the broker.
            await _gone.CancelAsync();
        }
    }

    private async Task<IAsyncDisposable> AddAsync(Subscriptions subscriptions, Subscription subscription, CancellationToken cancel)
    {
        IAsyncDisposable? running = null;
        try
        {
            running = await subscriptions.AddAsync(subscription, SubscriptionKind.Streaming, this, cancel);
            await stream.WriteAsync(new Response { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() }, cancel);
            return running;
        }
        catch
        {
            await _gone.CancelAsync();
            if (running is not null)
                await running.DisposeAsync();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private void Answer(SubscribeTopicEventsRequestProcessedAlpha1 processed)
    {
        if (_waiting.TryGetValue(processed.Id, out var answer))
        {
            answer.TrySetResult((processed.Status?.Status ?? Status.Success) switch
            {
                Status.Success => Verdict.Success,
                Status.Drop => Verdict.Drop,
                _ => Verdict.Retry,
            });
        }
    }

    private async Task WriteAsync(Response response, CancellationToken cancel)
    {
        await _writing.WaitAsync(cancel);
        try
        {
            await stream.WriteAsync(response, CancellationToken.None);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static ApiException Wrong(string message) => new(400, "ERR_MALFORMED_REQUEST", StatusCode.Unknown, message);

    public void Dispose()
    {
        _writing.Dispose();
        _gone.Dispose();
    }
}
