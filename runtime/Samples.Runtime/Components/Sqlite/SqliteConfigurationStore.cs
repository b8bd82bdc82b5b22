using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>
/// Configuration in one SQLite file. Dapr has no API that writes configuration: tools write the table
/// <c>configuration(key TEXT PRIMARY KEY, value TEXT, version TEXT, metadata TEXT)</c>, where metadata is a JSON object of texts or NULL.
/// Changes by any process are noticed within a quarter of a second.
/// </summary>
public sealed class SqliteConfigurationStore(string path, TimeProvider time, ILogger log) : IConfigurationStore
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS configuration (
          key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL DEFAULT '', metadata TEXT);
        """;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private SqliteConnection _connection = null!;
    private Task _watching = Task.CompletedTask;
    private ImmutableList<Subscriber> _subscribers = [];

    /// <summary><c>configuration.sqlite</c>: an engine of this runtime, not of Dapr.</summary>
    public static EngineType Type { get; } = new("configuration.sqlite", [new("connectionString", Required: true)],
        (component, context) =>
            new SqliteConfigurationStore(
                SqliteFile.Path(component, context), context.Time, context.Loggers.CreateLogger("configuration." + component.Name)),
        SqliteFile.Path);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities => [];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel)
    {
        _connection = SqliteFile.Open(path, Schema);
        _watching = WatchAsync(DataVersion());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(IReadOnlyList<string> keys, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyDictionary<string, ConfigurationItem>>(Select(ReadAll(), keys));

    /// <inheritdoc/>
    public Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> keys, Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed, CancellationToken cancel)
    {
        lock (_gate)
        {
            // What is there now is no change, also where nobody has noticed it yet.
            var subscriber = new Subscriber(this, keys, changed) { Known = ReadAll() };
            ImmutableInterlocked.Update(ref _subscribers, list => list.Add(subscriber));
            return Task.FromResult<IAsyncDisposable>(subscriber);
        }
    }

    private async Task WatchAsync(long seen)
    {
        using var timer = new PeriodicTimer(PollInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                try
                {
                    // The number changes with every commit of another connection; this one never writes.
                    var version = DataVersion();
                    if (version == seen)
                        continue;
                    seen = version;
                    await NotifyAsync();
                }
                catch (Exception error) when (error is SqliteException or JsonException or InvalidOperationException)
                {
                    log.LogWarning("the configuration could not be read: {Problem}", error.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    // A removed key is told as an item without value.
    private static Dictionary<string, ConfigurationItem> Changes(
        Dictionary<string, ConfigurationItem> known, Dictionary<string, ConfigurationItem> current) =>
        current.Where(c => !known.TryGetValue(c.Key, out var old) || (old.Value, old.Version) != (c.Value.Value, c.Value.Version))
            .Concat(
                known.Keys.Except(current.Keys).Select(
                    k => KeyValuePair.Create(k, new ConfigurationItem("", "", new Dictionary<string, string>()))))
            .ToDictionary();

    private async Task NotifyAsync()
    {
        var (current, subscribers) = ReadForSubscribers();
        foreach (var subscriber in subscribers)
        {
            var interesting = Select(Changes(subscriber.Known, current), subscriber.Keys);
            subscriber.Known = current;
            if (interesting.Count == 0)
                continue;
            try
            {
                await subscriber.Changed(interesting);
            }
            catch (Exception error)
            {
                log.LogWarning("a change of configuration was not delivered: {Problem}", error.Message);
            }
        }
    }

    private static Dictionary<string, ConfigurationItem> Select(Dictionary<string, ConfigurationItem> items, IReadOnlyList<string> keys) =>
        keys.Count == 0 ? items : items.Where(i => keys.Contains(i.Key, StringComparer.Ordinal)).ToDictionary();

    // In one step: who subscribes a moment later has seen more than this, and must not be told of what was before.
    private (Dictionary<string, ConfigurationItem> Current, ImmutableList<Subscriber> Subscribers) ReadForSubscribers()
    {
        lock (_gate)
            return (ReadAll(), _subscribers);
    }

    private long DataVersion()
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "PRAGMA data_version";
            return (long)command.ExecuteScalar()!;
        }
    }

    private Dictionary<string, ConfigurationItem> ReadAll()
    {
        lock (_gate)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT key, value, version, metadata FROM configuration";
            using var rows = command.ExecuteReader();
            var items = new Dictionary<string, ConfigurationItem>(StringComparer.Ordinal);
            while (rows.Read())
            {
                items[rows.GetString(0)] = new ConfigurationItem(rows.GetString(1), rows.GetString(2),
                    rows.IsDBNull(3)
                        ? new Dictionary<string, string>()
                        : JsonSerializer.Deserialize<Dictionary<string, string>>(rows.GetString(3)) ?? []);
            }

            return items;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watching;
        _connection?.Dispose();
        _closing.Dispose();
    }

    private sealed record Subscriber(
        SqliteConfigurationStore Store, IReadOnlyList<string> Keys,
        Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> Changed) : IAsyncDisposable
    {
        /// <summary>What it was told so far, or could read when it came.</summary>
        public required Dictionary<string, ConfigurationItem> Known { get; set; }

        public ValueTask DisposeAsync()
        {
            ImmutableInterlocked.Update(ref Store._subscribers, list => list.Remove(this));
            return ValueTask.CompletedTask;
        }
    }
}
