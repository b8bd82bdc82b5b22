using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Samples.HealthAdapter.Probes;

/// <summary>
/// A query of an SQLite file, which is a library and no server: it works on the thread that asks, and waits for locks there. Giving up
/// interrupts it.
/// </summary>
internal sealed class SqliteProbe(string connection, string query) : IProbe
{
    private readonly string _connection = new SqliteConnectionStringBuilder(connection)
    {
        // A file that is missing is unhealthy, and must not be made by asking. One second is the shortest wait that the provider knows.
        Mode = new SqliteConnectionStringBuilder(connection).Mode is SqliteOpenMode.ReadWriteCreate
            ? SqliteOpenMode.ReadWrite
            : new SqliteConnectionStringBuilder(connection).Mode,
        Pooling = false, DefaultTimeout = 1,
    }.ConnectionString;

    public Task AskAsync(CancellationToken cancel) => Task.Run(() => Ask(cancel), cancel);

    private void Ask(CancellationToken cancel)
    {
        using var database = new SqliteConnection(_connection);
        database.Open();
        using var interrupt = cancel.Register(() => raw.sqlite3_interrupt(database.Handle));
        using var command = database.CreateCommand();
        command.CommandText = query;
        using var answer = command.ExecuteReader();
        do
        {
            while (answer.Read())
                cancel.ThrowIfCancellationRequested();
        }
        while (answer.NextResult());
    }
}
