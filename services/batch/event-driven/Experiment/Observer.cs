using System.Text.Json;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Samples.Experiments.EventDriven;

/// <summary>
/// Looks at topics of the flow as one more subscriber would, through streams of a sidecar: it needs no port, and nobody kills it. Like any
/// subscriber it goes by an event's id: what comes again is the same event.
/// </summary>
internal sealed class Observer : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly CancellationTokenSource _end = new();
    private readonly List<Task> _streams = [];
    private readonly Lock _gate = new();
    private readonly HashSet<string> _ids = [];
    private readonly Dictionary<string, string> _last = [], _shardOf = [];
    private readonly HashSet<string> _orders = [];

    private Observer(GrpcChannel channel) => _channel = channel;

    /// <summary>Orders at the end of the billing branch, each once.</summary>
    public int Orders => Read(() => _orders.Count);

    /// <summary>Events there that came again under the same id: made again by a stage that died before it had noted them.</summary>
    public int Again { get; private set; }

    /// <summary>Events there that came again under another id: nobody can drop these.</summary>
    public int Doubled { get; private set; }

    /// <summary>Orders that came after a later one of their customer.</summary>
    public List<string> Overtaken { get; } = [];

    /// <summary>Customers that were seen in two shards.</summary>
    public List<string> Moved { get; } = [];

    /// <summary>Customers that were seen in a shard.</summary>
    public int Sharded => Read(() => _shardOf.Count);

    /// <summary>Subscribes; events that are published from now on are seen.</summary>
    public static async Task<Observer> StartAsync(Replica entrance, CancellationToken cancel)
    {
        var observer = new Observer(GrpcChannel.ForAddress($"http://127.0.0.1:{entrance.DaprGrpcPort}"));
        foreach (var shard in Enumerable.Range(1, 4).Select(n => $"orders-shard-{n}"))
            await observer.SubscribeAsync(shard, e => observer.SeeShard(shard, e), cancel);
        await observer.SubscribeAsync(FlowView.Ready, observer.SeeReady, cancel);
        return observer;
    }

    private T Read<T>(Func<T> what)
    {
        lock (_gate)
            return what();
    }

    private async Task SubscribeAsync(string topic, Action<TopicEventRequest> see, CancellationToken cancel)
    {
        var stream = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(_channel).SubscribeTopicEventsAlpha1(cancellationToken: _end.Token);
        await stream.RequestStream.WriteAsync(
            new SubscribeTopicEventsRequestAlpha1
            {
                InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "orderedpubsub", Topic = topic },
            },
            cancel);
        // The first answer says that it is subscribed.
        await stream.ResponseStream.MoveNext(cancel);
        _streams.Add(ReadAsync(stream, see));
    }

    private async Task ReadAsync(
        AsyncDuplexStreamingCall<SubscribeTopicEventsRequestAlpha1, SubscribeTopicEventsResponseAlpha1> stream,
        Action<TopicEventRequest> see)
    {
        using (stream)
        {
            try
            {
                while (await stream.ResponseStream.MoveNext(_end.Token))
                {
                    if (stream.ResponseStream.Current.EventMessage is not { } received)
                        continue;
                    lock (_gate)
                        see(received);
                    var answer = new TopicEventResponse { Status = TopicEventResponse.Types.TopicEventResponseStatus.Success };
                    await stream.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1
                    {
                        EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = received.Id, Status = answer },
                    });
                }
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException && _end.IsCancellationRequested)
            {
                // The end.
            }
        }
    }

    private void SeeReady(TopicEventRequest received)
    {
        if (!_ids.Add(received.Id))
        {
            Again++;
            return;
        }

        var (order, customer) = Parse(received);
        if (order is null)
            return;
        if (!_orders.Add(order))
            Doubled++;
        else if (customer is not null)
        {
            if (_last.TryGetValue(customer, out var before) && string.CompareOrdinal(order, before) < 0)
                Overtaken.Add($"{order} of {customer} after {before}");
            else
                _last[customer] = order;
        }
    }

    private void SeeShard(string shard, TopicEventRequest received)
    {
        if (Parse(received).Customer is { } customer && !_shardOf.TryAdd(customer, shard) && _shardOf[customer] != shard)
            Moved.Add($"{customer} in {_shardOf[customer]} and {shard}");
    }

    private static (string? Order, string? Customer) Parse(TopicEventRequest received)
    {
        using var data = JsonDocument.Parse(received.Data.Memory);
        return (Text(data.RootElement, "order"), Text(data.RootElement, "customer"));
    }

    private static string? Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) ? value.GetString() : null;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_streams);
        _end.Dispose();
        _channel.Dispose();
    }
}
