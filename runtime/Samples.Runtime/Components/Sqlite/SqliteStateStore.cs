using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Sqlite;

/// <summary><c>state.sqlite</c>: one file, many readers, one writer that commits in groups.</summary>
public sealed class SqliteStateStore : IStateStore
{
    private readonly string _path;
    private readonly SqliteStateSettings _settings;
    private readonly TimeProvider _time;
    private readonly SqliteWriter _writer;
    private readonly WriteCommands _commands;
    private readonly ConcurrentBag<Reader> _readers = [];
    private readonly ITimer? _cleanup;

    private SqliteStateStore(string path, SqliteStateSettings settings, TimeProvider time)
    {
        _path = path;
        _settings = settings;
        _time = time;
        var connection = settings.Open(path);
        SqliteFile.Execute(connection, $"""
            CREATE TABLE IF NOT EXISTS {settings.Table}(
              key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, etag INTEGER NOT NULL, expires INTEGER, content_type TEXT) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS {settings.Table}_expires ON {settings.Table}(expires) WHERE expires IS NOT NULL;
            """);
        _commands = new WriteCommands(connection, settings.Table);
        _writer = new SqliteWriter(connection);
        if (settings.Cleanup is { } pause)
            _cleanup = time.CreateTimer(_ => _ = RemoveExpiredAsync(), null, pause, pause);
    }

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("state.sqlite",
        [
            new("connectionString", Required: true), new("actorStateStore"), new("keyPrefix"), .. OutboxSettings.Known,
            .. SqliteStateSettings.Known,
        ],
        (component, context) =>
            new SqliteStateStore(SqliteFile.Path(component, context), SqliteStateSettings.Read(component), context.Time),
        (component, context) => $"{SqliteFile.Path(component, context)}\n{SqliteStateSettings.Read(component)}");

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = ["ETAG", "TRANSACTIONAL", "TTL", "DELETE_WITH_PREFIX", "ACTOR"];

    /// <inheritdoc/>
    public Task<StateItem?> GetAsync(string key, CancellationToken cancel)
    {
        if (!_readers.TryTake(out var reader))
            reader = new Reader(_settings.Open(_path), _settings.Table);
        try
        {
            return Task.FromResult(reader.Get(key, Now));
        }
        finally
        {
            _readers.Add(reader);
        }
    }

    /// <inheritdoc/>
    public Task WriteAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancel)
    {
        var now = Now;
        return _writer.RunAsync(_ =>
        {
            foreach (var write in writes)
                _commands.Apply(write, now);
            return true;
        }, cancel);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> KeysWithPrefixAsync(
        string prefix, CancellationToken cancel) => _writer.RunAsync<IReadOnlyList<string>>(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT key FROM {_settings.Table} WHERE substr(key, 1, length($prefix)) = $prefix "
            + "AND (expires IS NULL OR expires > $now) ORDER BY key";
        command.Parameters.AddWithValue("$prefix", prefix);
        command.Parameters.AddWithValue("$now", Now);
        var keys = new List<string>();
        using var rows = command.ExecuteReader();
        while (rows.Read())
            keys.Add(rows.GetString(0));
        return keys;
    }, cancel);

    /// <inheritdoc/>
    public Task<long> DeleteWithPrefixAsync(string prefix, CancellationToken cancel) => _writer.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"DELETE FROM {_settings.Table} WHERE substr(key, 1, length($prefix)) = $prefix";
        command.Parameters.AddWithValue("$prefix", prefix);
        return (long)command.ExecuteNonQuery();
    }, cancel);

    private long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private async Task RemoveExpiredAsync()
    {
        try
        {
            var now = Now;
            await _writer.RunAsync(connection =>
            {
                using var command = connection.CreateCommand();
                command.CommandText = $"DELETE FROM {_settings.Table} WHERE expires <= $now";
                command.Parameters.AddWithValue("$now", now);
                return command.ExecuteNonQuery();
            }, CancellationToken.None);
        }
        catch (Exception error) when (error is ObjectDisposedException or SqliteException)
        {
            // Only house-keeping: readers skip what has expired anyway.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
            await _cleanup.DisposeAsync();
        await _writer.DisposeAsync();
        while (_readers.TryTake(out var reader))
            reader.Dispose();
    }

    private sealed class Reader : IDisposable
    {
        private readonly SqliteConnection _connection;
        private readonly SqliteCommand _get;

        public Reader(SqliteConnection connection, string table)
        {
            _connection = connection;
            _get = connection.CreateCommand();
            _get.CommandText =
                $"SELECT value, etag, expires, content_type FROM {table} WHERE key = $key AND (expires IS NULL OR expires > $now)";
            _get.Parameters.Add("$key", SqliteType.Text);
            _get.Parameters.Add("$now", SqliteType.Integer);
        }

        public StateItem? Get(string key, long now)
        {
            _get.Parameters[0].Value = key;
            _get.Parameters[1].Value = now;
            using var row = _get.ExecuteReader();
            return row.Read()
                ? new StateItem((byte[])row[0], row.GetInt64(1).ToString(CultureInfo.InvariantCulture),
                    row.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(2)),
                    row.IsDBNull(3) ? null : row.GetString(3))
                : null;
        }

        public void Dispose()
        {
            _get.Dispose();
            _connection.Dispose();
        }
    }

    private sealed class WriteCommands
    {
        private readonly SqliteCommand _current, _set, _delete;

        public WriteCommands(SqliteConnection connection, string table)
        {
            _current = Prepare(
                connection, $"SELECT etag FROM {table} WHERE key = $key AND (expires IS NULL OR expires > $now)", "$key", "$now");
            _set = Prepare(connection, $"""
                INSERT INTO {table}(key, value, etag, expires, content_type) VALUES ($key, $value, $etag, $expires, $type)
                ON CONFLICT(key) DO UPDATE SET value = $value, etag = $etag, expires = $expires, content_type = $type
                """, "$key", "$value", "$etag", "$expires", "$type");
            _delete = Prepare(connection, $"DELETE FROM {table} WHERE key = $key", "$key");
        }

        public void Apply(StateWrite write, long now)
        {
            if (write.Concurrency == Concurrency.FirstWrite || !string.IsNullOrEmpty(write.ETag))
            {
                Bind(_current, write.Key, now);
                StateRules.Check(write, (_current.ExecuteScalar() as long?)?.ToString(CultureInfo.InvariantCulture));
            }

            if (write is StateWrite.Set set)
            {
                // Random, so that an ETag of a deleted and recreated key never matches its successor.
                Bind(_set, set.Key, set.Data.ToArray(), Random.Shared.NextInt64(1, long.MaxValue),
                    set.Life is { } ttl ? now + (long)ttl.TotalMilliseconds : null, set.ContentType);
                _set.ExecuteNonQuery();
            }
            else
            {
                Bind(_delete, write.Key);
                _delete.ExecuteNonQuery();
            }
        }

        private static void Bind(SqliteCommand command, params ReadOnlySpan<object?> values)
        {
            for (var i = 0; i < values.Length; i++)
                command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        private static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] names)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var name in names)
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            return command;
        }
    }
}
