using Microsoft.Data.Sqlite;

namespace Samples.Lab;

/// <summary>
/// Writes values of the embedded configuration store. Dapr has no API for it: with Dapr on Redis one writes
/// <c>SET key "value||version"</c>, here a row of the table <c>configuration</c> in <c>configuration.db</c> of the pattern's data folder.
/// </summary>
public static class ConfigurationFile
{
    /// <summary>Stores a value; whoever watches the key is told within a quarter of a second.</summary>
    public static async Task SetAsync(string dataDirectory, string key, string value, CancellationToken cancellationToken)
    {
        var file = new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(dataDirectory, "configuration.db"),
            Pooling = false,
            DefaultTimeout = 5,
        };
        await using var connection = new SqliteConnection(file.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = connection.CreateCommand();
        // The version is what tells two writings of the same value apart.
        command.CommandText = """
            CREATE TABLE IF NOT EXISTS configuration
                (key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL DEFAULT '', metadata TEXT);
            INSERT INTO configuration (key, value, version) VALUES ($key, $value, '1')
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = CAST(CAST(version AS INTEGER) + 1 AS TEXT);
            """;
        command.Parameters.AddWithValue("$key", key);
        command.Parameters.AddWithValue("$value", value);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
