using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;
using StackExchange.Redis;

namespace Samples.Runtime.Components.Redis;

/// <summary>
/// <c>configuration.redis</c> in Dapr's layout: a plain key holds <c>value||version</c>. Changes are noticed by keyspace notifications,
/// which are switched on where the server allows it. What changed while the server was away is told when it is back. A value that is
/// written again without a change is not told, where daprd tells it.
/// </summary>
public sealed class RedisConfigurationStore : IConfigurationStore
{
    // Keyspace events, of keys of any kind and of texts, and of keys that expire or are evicted: what daprd asks for as well.
    private const string Events = "Kg$xe";

    private static readonly ConfigurationItem Gone = new("", "", new Dictionary<string, string>());

    private readonly RedisConnection _redis;
    private readonly int _database;
    private readonly ILogger _log;
    private ImmutableList<Subscriber> _subscribers = [];

    private RedisConfigurationStore(Component component, EngineContext context)
    {
        _log = context.Loggers.CreateLogger("configuration." + component.Name);
        var settings = RedisSettings.Read(component);
        _database = settings.Database;
        _redis = new RedisConnection(component, settings, _log);
    }

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("configuration.redis", RedisSettings.Known,
        (component, context) => new RedisConfigurationStore(component, context),
        (component, _) => RedisConnection.Identity(component));

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <inheritdoc/>
    public async Task InitAsync(CancellationToken cancel)
    {
        await _redis.OpenAsync(channels: true, admin: true);
        _redis.Multiplexer.ConnectionRestored += (_, _) =>
        {
            foreach (var subscriber in _subscribers)
                subscriber.Look(null);
        };
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        _redis.RunAsync<IReadOnlyDictionary<string, ConfigurationItem>>(async redis =>
        {
            var wanted = keys.Count > 0 ? keys.Distinct(StringComparer.Ordinal).ToList() : await AllKeysAsync(cancel);
            var items = await Task.WhenAll(wanted.Select(k => ReadAsync(redis, k)));
            return wanted.Zip(items).Where(i => i.Second is not null).ToDictionary(i => i.First, i => i.Second!);
        }).WaitAsync(cancel);

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> keys, Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed, CancellationToken cancel)
    {
        var subscriber = new Subscriber(this, keys, changed);
        // Listening comes before reading: what changes in between is noticed by one or the other.
        await _redis.RunAsync(async _ =>
        {
            await SwitchOnAsync();
            await subscriber.ListenAsync();
            return true;
        }).WaitAsync(cancel);
        await subscriber.BeginAsync(cancel);
        ImmutableInterlocked.Update(ref _subscribers, list => list.Add(subscriber));
        return subscriber;
    }

    private async Task<List<string>> AllKeysAsync(CancellationToken cancel)
    {
        var keys = new List<string>();
        await foreach (var key in _redis.Server.KeysAsync(_database, pageSize: 1000).WithCancellation(cancel))
            keys.Add(key.ToString());
        return keys;
    }

    private static async Task<ConfigurationItem?> ReadAsync(IDatabase redis, string key)
    {
        try
        {
            var parts = (await redis.StringGetAsync(key)).ToString().Split("||");
            return parts[0].Length == 0 ? null : new ConfigurationItem(parts[0], parts.Length > 1 ? parts[1] : "", Gone.Metadata);
        }
        catch (RedisServerException error) when (RedisStateStore.IsWrongType(error))
        {
            // A key of another kind is no configuration.
            return null;
        }
    }

    // A server that forgot it, because it started anew, is told again.
    private async Task SwitchOnAsync()
    {
        try
        {
            var current = (RedisResult[])(await _redis.Database.ExecuteAsync("CONFIG", "GET", "notify-keyspace-events"))! is [_, var value]
                ? value.ToString()
                : "";
            var missing = string.Concat(Events.Where(e => !current.Contains(e) && !(e != 'K' && current.Contains('A'))));
            if (missing.Length > 0)
                await _redis.Database.ExecuteAsync("CONFIG", "SET", "notify-keyspace-events", current + missing);
        }
        catch (RedisServerException error)
        {
            _log.LogWarning(
                "keyspace notifications could not be switched on ({Problem}): unless the server has them on, changes are not noticed",
                error.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var subscriber in _subscribers)
            await subscriber.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private sealed class Subscriber(
        RedisConfigurationStore store, IReadOnlyList<string> keys,
        Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed) : IAsyncDisposable
    {
        private readonly Channel<string?> _looks = Channel.CreateUnbounded<string?>();
        private readonly CancellationTokenSource _closing = new();
        private readonly string _prefix = $"__keyspace@{store._database}__:";
        private readonly List<ChannelMessageQueue> _queues = [];
        private Dictionary<string, ConfigurationItem> _known = [];
        private Task _running = Task.CompletedTask;

        /// <summary>Something may have changed: one key, or with null any.</summary>
        public void Look(string? key) => _looks.Writer.TryWrite(key);

        public async Task ListenAsync()
        {
            var redis = store._redis.Multiplexer.GetSubscriber();
            IEnumerable<RedisChannel> channels = keys.Count == 0
                ? [RedisChannel.Pattern(_prefix + "*")]
                : keys.Distinct(StringComparer.Ordinal).Select(k => RedisChannel.Literal(_prefix + k));
            foreach (var channel in channels)
            {
                var queue = await redis.SubscribeAsync(channel);
                queue.OnMessage(message => Look(message.Channel.ToString()[_prefix.Length..]));
                _queues.Add(queue);
            }
        }

        public async Task BeginAsync(CancellationToken cancel)
        {
            _known = (await store.GetAsync(keys, cancel)).ToDictionary(StringComparer.Ordinal);
            _running = RunAsync();
        }

        private async Task RunAsync()
        {
            try
            {
                await foreach (var key in _looks.Reader.ReadAllAsync(_closing.Token))
                    await TellAsync(key);
            }
            catch (OperationCanceledException)
            {
                // Closing.
            }
        }

        private async Task TellAsync(string? key)
        {
            try
            {
                if (key is null)
                {
                    await store.SwitchOnAsync();
                    // Answered on the connection that listens: by then it listens again.
                    await store._redis.Multiplexer.GetSubscriber().PingAsync();
                }

                var current = await store.GetAsync(key is null ? keys : [key], _closing.Token);
                var before = key is null ? _known.Keys.ToList() : [key];
                var changes = current.Where(
                    c => !_known.TryGetValue(c.Key, out var old) || (old.Value, old.Version) != (c.Value.Value, c.Value.Version))
                    .Concat(before.Where(k => _known.ContainsKey(k) && !current.ContainsKey(k)).Select(k => KeyValuePair.Create(k, Gone)))
                    .ToDictionary();
                foreach (var (name, item) in changes)
                {
                    _known.Remove(name);
                    if (item != Gone)
                        _known.Add(name, item);
                }

                if (changes.Count > 0)
                    await changed(changes);
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                // When the server is back, everything is looked at again.
                store._log.LogWarning(
                    "a change of configuration was not delivered: {Problem}",
                    error is RedisException ? store._redis.Explain(error) : error.Message);
            }
        }

        public async ValueTask DisposeAsync()
        {
            ImmutableInterlocked.Update(ref store._subscribers, list => list.Remove(this));
            if (_closing.IsCancellationRequested)
                return;
            await _closing.CancelAsync();
            await _running;
            foreach (var queue in _queues)
                await queue.UnsubscribeAsync(CommandFlags.FireAndForget);
        }
    }
}
