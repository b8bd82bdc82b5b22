using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// A consumer group on a stream, while it has members in this process. It fetches what is new, looks for what others abandoned, and keeps
/// what it has in hand from being taken for abandoned. What is not handled when the last member leaves is given back at once.
/// </summary>
internal sealed class RedisStreamGroup(
    string topic, string name, RedisConnection redis, RedisBrokerSettings settings, TimeProvider time, ILogger log) : IAsyncDisposable
{
    private const int MostAtOnce = 500;

    private static readonly TimeSpan Block = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestTouch = TimeSpan.FromSeconds(5);

    // Everything that was fetched and is not acknowledged yet, by its entry's id.
    private readonly ConcurrentDictionary<string, RedisMessage> _held = new(StringComparer.Ordinal);
    private readonly Channel<RedisMessage> _handled = Channel.CreateUnbounded<RedisMessage>();
    private readonly CancellationTokenSource _closing = new();
    private ConsumerGroup _consumers = null!;
    private ConnectionMultiplexer? _fetching;
    private Task _reading = Task.CompletedTask, _upkeep = Task.CompletedTask, _acknowledging = Task.CompletedTask;
    private long _clientId;
    private int _away;

    public string Topic => topic;

    public string Name => name;

    /// <summary>Subscribers in this process; the broker counts them.</summary>
    public int Members { get; set; }

    /// <summary>Begins to fetch. The group exists when this completes, or is made when the server is back.</summary>
    public async Task StartAsync()
    {
        _consumers = new ConsumerGroup(
            name, topic, settings.ToDelivery(), time, log, message => _handled.Writer.TryWrite((RedisMessage)message));
        _fetching = await redis.OpenSecondAsync(Block);
        await TryAsync(CreateAsync);
        _reading = ReadAsync();
        _upkeep = settings.Redelivers ? KeepUpAsync() : Task.CompletedTask;
        _acknowledging = AcknowledgeAsync();
    }

    public ConsumerGroupMember Join(BrokerSubscription subscription) => _consumers.Join(subscription);

    // A group sees its topic from the beginning, as with daprd.
    private async Task CreateAsync()
    {
        try
        {
            await redis.Database.StreamCreateConsumerGroupAsync(topic, name, StreamPosition.Beginning, createStream: true);
        }
        catch (RedisServerException error) when (error.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // It exists.
        }
    }

    private async Task ReadAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            var room = Math.Min(settings.QueueDepth - _consumers.Ready, (10 * settings.QueueDepth) - _held.Count);
            if (room <= 0)
                await Task.Delay(FullPause, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            else if (!await TryAsync(() => FetchAsync(room)))
                await Task.Delay(Pause, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FetchAsync(int room)
    {
        var connection = _fetching!.GetDatabase();
        if (_clientId == 0)
            _clientId = (long)await connection.ExecuteAsync("CLIENT", "ID");
        try
        {
            var answer = await connection.ExecuteAsync("XREADGROUP", (object[])
                ["GROUP", name, name, "COUNT", room, "BLOCK", (int)Block.TotalMilliseconds, "STREAMS", (RedisKey)topic, ">"]);
            if (answer.IsNull)
                return;
            // A list of pairs, or with the newer protocol a map: either way the stream's entries are the last thing in it.
            var streams = (RedisResult[])answer!;
            foreach (var entry in (RedisResult[])(streams.Length == 1 ? streams[0][1] : streams[1])!)
                Take(entry[0], entry[1]);
        }
        catch (RedisException error)
        {
            _clientId = 0;
            if (!error.Message.StartsWith("NOGROUP", StringComparison.Ordinal))
                throw;
            log.LogWarning(
                "Redis has lost the group {Group} of topic {Topic}: it is made again and gets what the topic still has", name, topic);
            await CreateAsync();
        }
    }

    private void Take(RedisResult id, RedisResult fields)
    {
        var message = RedisMessage.Read(topic, (RedisValue)id, (RedisValue[])fields!);
        if (_held.TryAdd(message.EntryId.ToString(), message))
            _consumers.Add(message);
    }

    private async Task KeepUpAsync()
    {
        var shortest = TimeSpan.FromTicks(Math.Min(settings.ProcessingTimeout.Ticks / 3, LongestTouch.Ticks));
        using var timer = new PeriodicTimer(
            TimeSpan.FromMilliseconds(Math.Max(1, Math.Min(shortest.TotalMilliseconds, settings.RedeliverInterval.TotalMilliseconds))),
            time);
        var looked = long.MinValue;
        try
        {
            do
            {
                await TryAsync(TouchAsync);
                if (looked != long.MinValue && time.GetElapsedTime(looked) < settings.RedeliverInterval)
                    continue;
                looked = time.GetTimestamp();
                await TryAsync(ReclaimAsync);
            }
            while (await timer.WaitForNextTickAsync(_closing.Token));
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    // Claiming what one has resets how long nobody touched it: a long queue or a slow handler is no reason to take it away.
    private async Task TouchAsync()
    {
        foreach (var lot in _held.Values.Select(m => m.EntryId).Chunk(MostAtOnce))
            await redis.Database.StreamClaimIdsOnlyAsync(topic, name, name, 0, lot);
    }

    private async Task ReclaimAsync()
    {
        RedisValue next = "0-0";
        do
        {
            var room = settings.QueueDepth - _consumers.Ready;
            if (room <= 0)
                return;
            var answer = (RedisResult[])(await redis.Database.ExecuteAsync("XAUTOCLAIM", (object[])
                [(RedisKey)topic, name, name, (long)settings.ProcessingTimeout.TotalMilliseconds, next, "COUNT", room]))!;
            next = (RedisValue)answer[0];
            foreach (var entry in (RedisResult[])answer[1]!)
            {
                // Redis 6 has an empty place for an entry that was cut off the stream.
                if (!entry.IsNull && !entry[1].IsNull)
                    Take(entry[0], entry[1]);
            }
        }
        while (next != "0-0" && !_closing.IsCancellationRequested);
    }

    private async Task AcknowledgeAsync()
    {
        while (await _handled.Reader.WaitToReadAsync())
        {
            var lot = new List<RedisMessage>();
            while (lot.Count < MostAtOnce && _handled.Reader.TryRead(out var message))
                lot.Add(message);
            // What could not be acknowledged stays in hand, so that it does not come again, until the server is back.
            while (!await TryAsync(() => redis.Database.StreamAcknowledgeAsync(topic, name, [.. lot.Select(m => m.EntryId)])))
            {
                if (_closing.IsCancellationRequested)
                    return;
                await Task.Delay(Pause, time, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            foreach (var message in lot)
                _held.TryRemove(message.EntryId.ToString(), out _);
        }
    }

    // Told once when the server goes away, and once when it is back.
    private async Task<bool> TryAsync(Func<Task> command)
    {
        try
        {
            await command();
            if (Interlocked.Exchange(ref _away, 0) == 1)
                log.LogInformation(
                    "Redis at {Address} is back: topic {Topic} is delivered to group {Group} again", redis.Address, topic, name);
            return true;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            if (Interlocked.Exchange(ref _away, 1) == 0)
                log.LogWarning("topic {Topic} is not delivered to group {Group} for now: {Problem}", topic, name, redis.Explain(error));
            return false;
        }
    }

    // An idle time that makes them abandoned at once: whoever looks first gets them.
    private Task GiveBackAsync() => redis.Database.ExecuteAsync("XCLAIM", (object[])
        [
            (RedisKey)topic,
            name,
            name,
            0,
            .. _held.Values.Select(m => m.EntryId),
            "IDLE",
            (long)settings.ProcessingTimeout.TotalMilliseconds,
            "JUSTID"
        ]);

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested)
            return;
        await _closing.CancelAsync();
        while (!_reading.IsCompleted)
        {
            // It waits for messages: woken up, it ends at once, and loses none that come just then.
            if (redis.IsConnected)
                await TryAsync(() => redis.Database.ExecuteAsync("CLIENT", "UNBLOCK", _clientId));
            await Task.WhenAny(_reading, Task.Delay(FullPause, time));
        }

        await _consumers.DisposeAsync();
        await _upkeep;
        _handled.Writer.Complete();
        await _acknowledging;
        if (settings.Redelivers && !_held.IsEmpty && redis.IsConnected)
            await TryAsync(GiveBackAsync);
        if (_fetching is not null)
            await _fetching.DisposeAsync();
    }
}
