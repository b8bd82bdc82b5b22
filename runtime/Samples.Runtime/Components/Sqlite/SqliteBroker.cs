using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>
/// <c>pubsub.sqlite</c>: a durable broker in one file; it exists only in the embedded runtime. A message is stored once, each group keeps
/// its position in the topic, and what all groups have handled is removed, so the file stays as large as the work that is left. A topic
/// without a group keeps its last messages for the first one. Delivery is at least once: what was in handlers when the process died is
/// delivered again.
/// </summary>
public sealed class SqliteBroker(string path, BrokerSettings settings, TimeProvider time, ILogger log) : IBroker
{
    private static readonly TimeSpan SaveAfter = TimeSpan.FromMilliseconds(10);

    private readonly ConcurrentQueue<(SqliteGroup Group, QueuedMessage Message)> _handled = [];
    private FileStream? _owner;
    private SqliteWriter _writer = null!;
    private SqliteMessageLog _messages = null!;
    private int _savingScheduled;

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
        _writer.RunAsync(_ => (Stored: _messages.Append(messages), Groups: SavePositions()), cancel, done =>
        {
            SqliteMessageLog.HandOver(done.Stored);
            _messages.Load(done.Groups);
        });

    /// <inheritdoc/>
    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, CancellationToken cancel)
    {
        var group = await _writer.RunAsync(_ =>
        {
            var found = _messages.Group(subscription.Topic, subscription.Group);
            found.Consumers ??= new ConsumerGroup(
                subscription.Group, subscription.Topic, settings, time, log, message => Handled(found, message));
            return found;
        }, cancel, group => _messages.Load([group]));
        return group.Consumers!.Join(subscription);
    }

    private void Handled(SqliteGroup group, QueuedMessage message)
    {
        _handled.Enqueue((group, message));
        if (Interlocked.Exchange(ref _savingScheduled, 1) == 0)
            _ = SaveSoonAsync();
    }

    private async Task SaveSoonAsync()
    {
        // A commit waits for the disk. What was handled rides with the next publication, or with others that are handled by then: all
        // that a crash in between costs is that these are delivered again.
        await Task.Delay(SaveAfter, time);
        if (!_handled.IsEmpty)
            await SaveAsync();
    }

    private async Task SaveAsync()
    {
        try
        {
            await _writer.RunAsync(_ => SavePositions(), CancellationToken.None, _messages.Load);
        }
        catch (Exception error) when (error is SqliteException or ObjectDisposedException)
        {
            // Not lost: the next position covers it. Until then a restart would deliver these again.
            log.LogWarning("the positions of groups could not be stored: {Problem}", error.Message);
        }
    }

    private HashSet<SqliteGroup> SavePositions()
    {
        Volatile.Write(ref _savingScheduled, 0);
        var groups = new HashSet<SqliteGroup>();
        while (_handled.TryDequeue(out var handled))
        {
            handled.Group.Handled(handled.Message);
            groups.Add(handled.Group);
        }

        foreach (var group in groups)
            _messages.SavePosition(group);
        return groups;
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
            await _messages.EndGroupsAsync();
            // Queued behind the last lot: when it is through, all that was handled is stored.
            await SaveAsync();
            await _writer.DisposeAsync();
            _messages.Dispose();
        }

        if (_owner is not null)
            await _owner.DisposeAsync();
    }
}
