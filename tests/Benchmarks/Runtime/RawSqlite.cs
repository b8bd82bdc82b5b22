using Microsoft.Data.Sqlite;

namespace Samples.Benchmarks.Runtime;

/// <summary>
/// SQLite without a runtime: one connection, a prepared statement, a commit a save, with the durability that <c>state.sqlite</c>
/// promises (WAL, <c>synchronous=FULL</c>). It is the best that an application gets from the engine without grouping commits.
/// </summary>
internal sealed class RawSqlite : IDisposable
{
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _save, _get;

    public RawSqlite(string file)
    {
        _connection = new SqliteConnection($"Data Source={file};Pooling=False");
        _connection.Open();
        using var setUp = _connection.CreateCommand();
        setUp.CommandText =
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE state(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;";
        setUp.ExecuteNonQuery();
        _save = Prepare("INSERT INTO state VALUES ($key, $value) ON CONFLICT(key) DO UPDATE SET value = $value", "$key", "$value");
        _get = Prepare("SELECT value FROM state WHERE key = $key", "$key");
    }

    public void Save(string key, byte[] value)
    {
        lock (_gate)
        {
            (_save.Parameters[0].Value, _save.Parameters[1].Value) = (key, value);
            _save.ExecuteNonQuery();
        }
    }

    public byte[]? Get(string key)
    {
        lock (_gate)
        {
            _get.Parameters[0].Value = key;
            return _get.ExecuteScalar() as byte[];
        }
    }

    public void Dispose()
    {
        _save.Dispose();
        _get.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, params string[] names)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in names)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}
