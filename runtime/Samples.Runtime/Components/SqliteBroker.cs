using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Components;

/// <summary>
/// <c>pubsub.sqlite</c>: a durable broker in one file; it exists only in the embedded runtime. A message is stored once, each group keeps its
/// position in the topic, and what all groups have handled is removed, so the file stays as large as the work that is left. A topic without a group keeps its
/// last messages for the first one. Delivery is at least once: what was in handlers when the process died is delivered again.
/// </summary>
public sealed class SqliteBroker(string path, BrokerSettings settings, TimeProvider time, ILogger log) : IBroker
{
    private readonly ConcurrentQueue<(SqliteGroup Group, QueuedMessage Message)> _handled = [];
    private FileStream? _owner;
    private SqliteWriter _writer = null!;
    private SqliteMessageLog _messages = null!;
    private int _handledScheduled;

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("pubsub.sqlite", [new("connectionString", Required: true), .. BrokerSettings.Known],
        (component, context) => new SqliteBroker(SqliteFile.Path(component, context), BrokerSettings.Read(component), context.Time,
            context.Loggers.CreateLogger("pubsub." + component.Name)),
        SqliteFile.Path);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = [];

    /// <inheritdoc/>
    public Task InitAsync(CancellationToken cancel)
    {
        _owner = Own(path);
        var connection = SqliteFile.Open(path, SqliteMessageLog.Schema);
        _messages = new SqliteMessageLog(connection);
        _writer = new SqliteWriter(connection);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task PublishAsync(IReadOnlyList<BrokerMessage> messages, CancellationToken cancel) =>
        _writer.RunAsync(_ => _messages.Append(messages), cancel, SqliteMessageLog.HandOver);

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel)
    {
        var group = await _writer.RunAsync(_ =>
        {
            var found = _messages.Group(subscription.Topic, subscription.Group);
            found.Consumers ??= new ConsumerGroup(subscription.Group, subscription.Topic, settings, time, log, message => Handled(found, message));
            return found;
        }, cancel, group => _messages.Load(group));
        return group.Consumers!.Join(subscription);
    }

    private void Handled(SqliteGroup group, QueuedMessage message)
    {
        _handled.Enqueue((group, message));
        // While the writer works on one lot, the next one gathers: that is what keeps a commit a message away.
        if (Interlocked.Exchange(ref _handledScheduled, 1) == 0)
            _ = RecordHandledAsync();
    }

    private async Task RecordHandledAsync()
    {
        try
        {
            await _writer.RunAsync(_ =>
            {
                Volatile.Write(ref _handledScheduled, 0);
                var touched = new HashSet<SqliteGroup>();
                while (_handled.TryDequeue(out var handled))
                {
                    handled.Group.Handled(handled.Message);
                    touched.Add(handled.Group);
                }

                foreach (var group in touched)
                    _messages.SavePosition(group);
                return touched;
            }, CancellationToken.None, touched =>
            {
                foreach (var group in touched)
                    _messages.Load(group);
            });
        }
        catch (Exception error) when (error is SqliteException or ObjectDisposedException)
        {
            // Not lost: the next position covers it. Until then a restart would deliver these again.
            log.LogWarning("the position of a group could not be stored: {Problem}", error.Message);
        }
    }

    // Positions and deliveries are in this process's memory: a second one on the same file would deliver everything twice.
    private static FileStream Own(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileStream(path + ".owner", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new IOException($"another runtime uses {path}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_writer is not null)
        {
            // Queued behind the last lot: when it is through, all that was handled is stored.
            await RecordHandledAsync();
            _messages.Dispose();
            await _writer.DisposeAsync();
        }

        if (_owner is not null)
            await _owner.DisposeAsync();
    }
}
