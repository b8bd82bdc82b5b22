using System.Text.Json;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// <c>pubsub.redis</c> in Dapr's layout: a topic is a stream, its entries have the fields <c>data</c> and <c>metadata</c>, a group is a
/// consumer group with one consumer of its own name. Needs Redis 6.2 or newer. Delivery is at least once: what is not acknowledged,
/// because its consumer died, goes to another after <c>processingTimeout</c>, be it this runtime or daprd.
/// </summary>
public sealed class RedisBroker : IBroker
{
    private readonly RedisConnection _redis;
    private readonly RedisBrokerSettings _settings;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<(string Topic, string Name), RedisStreamGroup> _groups = [];

    private RedisBroker(Component component, EngineContext context)
    {
        _log = context.Loggers.CreateLogger("pubsub." + component.Name);
        _time = context.Time;
        _settings = RedisBrokerSettings.Read(component);
        _redis = new RedisConnection(component, RedisSettings.Read(component), _log);
    }

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("pubsub.redis", [.. RedisSettings.Known, .. RedisBrokerSettings.Known],
        (component, context) => new RedisBroker(component, context),
        (component, _) => $"{RedisConnection.Identity(component)} {RedisBrokerSettings.Read(component)}");

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel) => _redis.OpenAsync(admin: true);

    /// <inheritdoc/>
    public Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel) => _redis.RunAsync(async redis =>
    {
        if (messages is [var one])
            return await AddAsync(redis, one);
        var transaction = redis.CreateTransaction();
        var added = messages.Select(m => AddAsync(transaction, m)).ToList();
        await transaction.ExecuteAsync();
        return (await Task.WhenAll(added))[^1];
    }).WaitAsync(cancel);

    private Task<RedisResult> AddAsync(IDatabaseAsync redis, BrokerMessage message)
    {
        object[] limit = _settings switch
        {
            { MaxLength: > 0 } => ["MAXLEN", "~", _settings.MaxLength],
            { EntryTtl: var ttl } when ttl > TimeSpan.Zero => ["MINID", "~", $"{(_time.GetUtcNow() - ttl).ToUnixTimeMilliseconds()}-1"],
            _ => [],
        };
        return redis.ExecuteAsync("XADD", (object[])
            [
                (RedisKey)message.Topic,
                .. limit,
                "*",
                "data",
                (RedisValue)message.Data,
                "metadata",
                JsonSerializer.SerializeToUtf8Bytes(message.Metadata)
            ]);
    }

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel);
        try
        {
            var key = (subscription.Topic, subscription.Group);
            if (!_groups.TryGetValue(key, out var group))
            {
                group = new RedisStreamGroup(subscription.Topic, subscription.Group, _redis, _settings, _time, _log);
                await group.StartAsync();
                _groups.Add(key, group);
            }

            group.Members++;
            return new Membership(this, group, group.Join(subscription));
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task LeaveAsync(RedisStreamGroup group)
    {
        await _gate.WaitAsync();
        bool last;
        try
        {
            last = --group.Members == 0 && _groups.Remove((group.Topic, group.Name));
        }
        finally
        {
            _gate.Release();
        }

        // Nobody is left here: what is not handled is given back, for this application elsewhere or when it comes again.
        if (last)
            await group.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_groups.Values.Select(g => g.DisposeAsync().AsTask()));
        _groups.Clear();
        await _redis.DisposeAsync();
    }

    private sealed class Membership(RedisBroker broker, RedisStreamGroup group, ConsumerGroupMember member) : IAsyncDisposable
    {
        private int _left;

        public async ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _left, 1) != 0)
                return;
            await member.DisposeAsync();
            await broker.LeaveAsync(group);
        }
    }
}
