using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Components.InMemory;

/// <summary>
/// <c>pubsub.in-memory</c>: gone with the process, as in Dapr. Differences from daprd's, on purpose: it crosses sidecars, a group keeps
/// what it has not handled while its members are away, and what a handler refuses is delivered again. A topic that ends in <c>*</c>
/// subscribes to all topics that begin with the rest.
/// </summary>
public sealed class InMemoryBroker(BrokerSettings settings, TimeProvider time, ILogger log) : IBroker
{
    private const int MostWaiting = 100_000;
    private const long MostBytesWaiting = 512 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Topic, string Name), ConsumerGroup> _groups = [];
    private long _lastId;
    private long _bytesWaiting;

    /// <summary>How the catalog makes it. Components of one name are one broker, in whichever files they are defined.</summary>
    public static EngineType Type { get; } = new("pubsub.in-memory", BrokerSettings.Known,
        (component, context) =>
            new InMemoryBroker(BrokerSettings.Read(component), context.Time, context.Loggers.CreateLogger("pubsub." + component.Name)),
        (component, _) => component.Name);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = ["SUBSCRIBE_WILDCARDS"];

    /// <inheritdoc/>
    public Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel)
    {
        lock (_gate)
        {
            var groups = messages.Select(m => _groups.Where(g => Matches(g.Key.Topic, m.Topic)).ToArray()).ToArray();
            // Memory has an end: the publisher is told, instead of the machine.
            if (Volatile.Read(ref _bytesWaiting) > MostBytesWaiting)
                return Task.FromException(new EngineTargetException($"more than {MostBytesWaiting >> 20} MiB wait in memory"));
            foreach (var (key, group) in groups.SelectMany(g => g))
            {
                if (group.Count >= MostWaiting)
                    return Task.FromException(
                        new EngineTargetException($"group {key.Name} has {MostWaiting} messages waiting on topic {key.Topic}"));
            }

            for (var i = 0; i < messages.Count; i++)
            {
                _lastId++;
                foreach (var (_, group) in groups[i])
                {
                    Interlocked.Add(ref _bytesWaiting, messages[i].Data.Length);
                    group.Add(new QueuedMessage(_lastId, messages[i]));
                }
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel)
    {
        lock (_gate)
        {
            var key = (subscription.Topic, subscription.Group);
            if (!_groups.TryGetValue(key, out var group))
                _groups.Add(key, group = new ConsumerGroup(subscription.Group, subscription.Topic, settings, time, log, Forget));
            return Task.FromResult<IAsyncDisposable>(group.Join(subscription));
        }
    }

    private void Forget(QueuedMessage message) => Interlocked.Add(ref _bytesWaiting, -message.Message.Data.Length);

    private static bool Matches(string subscribed, string topic) =>
        subscribed == topic
            || (
                subscribed.EndsWith('*')
                    && topic.AsSpan().StartsWith(subscribed.AsSpan(0, subscribed.Length - 1), StringComparison.Ordinal));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        ConsumerGroup[] groups;
        lock (_gate)
            groups = [.. _groups.Values];
        await Task.WhenAll(groups.Select(g => g.DisposeAsync().AsTask()));
    }
}
