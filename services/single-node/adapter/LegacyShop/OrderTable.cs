using Microsoft.Data.Sqlite;

namespace Samples.LegacyShop;

/// <summary>Orders in an SQLite file. A table that somebody else has locked is waited for, as long as it takes.</summary>
internal sealed class OrderTable
{
    private readonly string _connection;

    private OrderTable(string file) =>
        _connection = new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 60 }.ConnectionString;

    /// <summary>Opens the file, with its table.</summary>
    public static OrderTable Open(string file)
    {
        var table = new OrderTable(file);
        table.Execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, item TEXT NOT NULL, packed INTEGER NOT NULL DEFAULT 0)");
        return table;
    }

    /// <summary>Writes one down.</summary>
    public void Place(string item) => Execute("INSERT INTO orders (item) VALUES ($item)", ("$item", item));

    /// <summary>How many nobody has packed.</summary>
    public long Waiting() => (long)Execute("SELECT count(*) FROM orders WHERE packed = 0")!;

    private object? Execute(string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = new SqliteConnection(_connection);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command.ExecuteScalar();
    }
}
