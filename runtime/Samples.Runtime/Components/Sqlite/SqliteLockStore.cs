using Microsoft.Data.Sqlite;

namespace Samples.Runtime.Components.Sqlite;

/// <summary><c>lock.sqlite</c>: locks with expiry in one file; it exists only in the embedded runtime.</summary>
public sealed class SqliteLockStore : ILockStore
{
    private const string Schema =
        "CREATE TABLE IF NOT EXISTS locks(key TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;";

    private readonly TimeProvider _time;
    private readonly SqliteWriter _writer;

    private SqliteLockStore(string path, TimeProvider time)
    {
        _time = time;
        _writer = new SqliteWriter(SqliteFile.Open(path, Schema));
    }

    /// <summary>How the catalog makes it.</summary>
    public static EngineType Type { get; } = new("lock.sqlite", [new("connectionString", Required: true), new("keyPrefix")],
        (component, context) => new SqliteLockStore(SqliteFile.Path(component, context), context.Time),
        SqliteFile.Path);

    /// <inheritdoc/>
    public IReadOnlyList<string> Capabilities { get; } = [];

    /// <inheritdoc/>
    public Task<bool> TryLockAsync(string key, string owner, TimeSpan expiry, CancellationToken cancel) => _writer.RunAsync(connection =>
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        // Only a lock that has expired is taken over; its own holder gets it no second time either, as with Redis' SET NX.
        return Execute(connection, """
            INSERT INTO locks(key, owner, expires) VALUES ($key, $owner, $expires)
            ON CONFLICT(key) DO UPDATE SET owner = $owner, expires = $expires WHERE expires <= $now
            """, ("$key", key), ("$owner", owner), ("$expires", now + (long)expiry.TotalMilliseconds), ("$now", now)) == 1;
    }, cancel);

    /// <inheritdoc/>
    public Task<UnlockStatus> UnlockAsync(string key, string owner, CancellationToken cancel) => _writer.RunAsync(connection =>
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        const string Delete = "DELETE FROM locks WHERE key = $key AND owner = $owner AND expires > $now";
        if (Execute(connection, Delete, ("$key", key), ("$owner", owner), ("$now", now)) == 1)
            return UnlockStatus.Success;
        using var held = Command(connection, "SELECT 1 FROM locks WHERE key = $key AND expires > $now", ("$key", key), ("$now", now));
        return held.ExecuteScalar() is null ? UnlockStatus.DoesNotExist : UnlockStatus.BelongsToOthers;
    }, cancel);

    private static int Execute(SqliteConnection connection, string sql, params (string, object)[] values)
    {
        using var command = Command(connection, sql, values);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] values)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
