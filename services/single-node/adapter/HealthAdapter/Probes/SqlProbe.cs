using System.Data.Common;
using MySqlConnector;
using Npgsql;

namespace Samples.HealthAdapter.Probes;

/// <summary>A query over a connection of its own: one from a pool would hide that the server takes no more.</summary>
internal sealed class SqlProbe(Func<CancellationToken, Task<DbConnection>> connect, string query) : IProbe
{
    private const int MostRows = 1000;

    public async Task AskAsync(CancellationToken cancel)
    {
        await using var connection = await connect(cancel);
        await connection.OpenAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = query;
        await using var answer = await command.ExecuteReaderAsync(cancel);
        // The last statement's rows may fail long after the first row has come.
        do
        {
            for (var row = 0; row < MostRows && await answer.ReadAsync(cancel); row++)
            {
            }
        }
        while (await answer.NextResultAsync(cancel));
    }

    /// <summary>PostgreSQL. A query that is given up is cancelled at the server, too, which takes a short second connection.</summary>
    public static DbConnection Postgres(string connection, string? password)
    {
        var settings = new NpgsqlConnectionStringBuilder(connection)
        {
            Pooling = false,
            CancellationTimeout = 500,
            ApplicationName = "health-adapter",
        };
        if (password is not null)
            settings.Password = password;
        return new NpgsqlConnection(settings.ConnectionString);
    }

    /// <summary>MySQL and MariaDB, likewise.</summary>
    public static DbConnection MySql(string connection, string? password)
    {
        var settings = new MySqlConnectionStringBuilder(connection)
        {
            Pooling = false,
            CancellationTimeout = 1,
            ApplicationName = "health-adapter",
        };
        if (password is not null)
            settings.Password = password;
        return new MySqlConnection(settings.ConnectionString);
    }
}
