using System.Text.Json;
using Microsoft.Data.Sqlite;
using Samples.Runtime.Components.Sqlite;

namespace Samples.Runtime.Apps.Members;

/// <summary>
/// The sidecars of one machine in a SQLite file. It may be the file of daprd's own name resolution: the tables have names of their own.
/// </summary>
internal sealed class MemberFile : IAsyncDisposable
{
    // Not durable on purpose: after a power cut nobody of these lives.
    private const string Schema = """
        PRAGMA synchronous=OFF;
        CREATE TABLE IF NOT EXISTS samples_members(
          id TEXT NOT NULL PRIMARY KEY, process TEXT NOT NULL, ring TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS samples_processes(
          process TEXT NOT NULL PRIMARY KEY, accepted INTEGER NOT NULL, held TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS samples_placement(one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL);
        INSERT OR IGNORE INTO samples_placement(one, version) VALUES (1, 0);
        """;

    private const string Bump = "UPDATE samples_placement SET version = version + 1;";

    private readonly SqliteWriter _writer;
    private readonly SqliteConnection _reader;
    private readonly SqliteCommand _dataVersion;

    /// <summary>Opens or makes the file. Throws <see cref="SqliteException"/> and <see cref="IOException"/>.</summary>
    public MemberFile(string path)
    {
        _writer = new SqliteWriter(SqliteFile.Open(path, Schema));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _reader = SqliteFile.Open(path);
        _dataVersion = Command(_reader, "PRAGMA data_version");
    }

    /// <summary>Another number after every change.</summary>
    public long DataVersion() => (long)_dataVersion.ExecuteScalar()!;

    /// <summary>Everything, as of one moment.</summary>
    public MemberTable Read()
    {
        using var moment = _reader.BeginTransaction(deferred: true);
        using var version = Command(_reader, "SELECT version FROM samples_placement");
        var current = (long)version.ExecuteScalar()!;
        var members = new List<Member>();
        using (var command = Command(_reader, "SELECT data FROM samples_members ORDER BY id"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
                members.Add(JsonSerializer.Deserialize<Member>(rows.GetString(0))!);
        }

        var processes = new Dictionary<string, ProcessReport>(StringComparer.Ordinal);
        using (var command = Command(_reader, "SELECT process, accepted, held FROM samples_processes"))
        using (var rows = command.ExecuteReader())
        {
            while (rows.Read())
            {
                processes[rows.GetString(0)] =
                    new ProcessReport(rows.GetInt64(1), JsonSerializer.Deserialize<string[]>(rows.GetString(2))!);
            }
        }

        return new MemberTable(current, members, processes);
    }

    /// <summary>Writes a sidecar; where it gets other actors than before, placement has another version.</summary>
    public Task PutAsync(Member member) => _writer.RunAsync(connection =>
    {
        var ring = string.Join('\n', member.ActorTypes);
        using var before = Command(connection, "SELECT ring FROM samples_members WHERE id = $id", ("$id", member.Id));
        var changes = (before.ExecuteScalar() as string ?? "") != ring;
        Execute(connection, """
            INSERT INTO samples_members(id, process, ring, data) VALUES ($id, $process, $ring, $data)
            ON CONFLICT(id) DO UPDATE SET ring = $ring, data = $data
            """, ("$id", member.Id), ("$process", member.Process), ("$ring", ring), ("$data", JsonSerializer.Serialize(member)));
        if (changes)
            Execute(connection, Bump);
        return true;
    }, CancellationToken.None);

    /// <summary>Removes a sidecar.</summary>
    public Task RemoveAsync(string id) => _writer.RunAsync(connection =>
    {
        using var before = Command(
            connection, "DELETE FROM samples_members WHERE id = $id RETURNING ring", ("$id", id));
        if (before.ExecuteScalar() is string { Length: > 0 })
            Execute(connection, Bump);
        return true;
    }, CancellationToken.None);

    /// <summary>Adds a process, which has no actors yet and follows placement as it is now.</summary>
    public Task AddProcessAsync(string process) => _writer.RunAsync(
        connection => Execute(
            connection,
            "INSERT INTO samples_processes(process, accepted, held) SELECT $process, version, '[]' FROM samples_placement",
            ("$process", process)),
        CancellationToken.None);

    /// <summary>Says what a process has accepted; false where somebody removed it.</summary>
    public Task<bool> ReportAsync(string process, ProcessReport report) => _writer.RunAsync(
        connection => Execute(
            connection, "UPDATE samples_processes SET accepted = $accepted, held = $held WHERE process = $process",
            ("$accepted", report.Accepted), ("$held", JsonSerializer.Serialize(report.Held)), ("$process", process)) == 1,
        CancellationToken.None);

    /// <summary>Removes a process and its sidecars.</summary>
    public Task RemoveProcessAsync(string process) => _writer.RunAsync(connection =>
    {
        using var members = Command(
            connection, "SELECT count(*) FROM samples_members WHERE process = $process AND ring <> ''", ("$process", process));
        if ((long)members.ExecuteScalar()! > 0)
            Execute(connection, Bump);
        Execute(connection, "DELETE FROM samples_members WHERE process = $process", ("$process", process));
        // Also without sidecars: others may wait for what it held.
        return Execute(connection, "DELETE FROM samples_processes WHERE process = $process", ("$process", process));
    }, CancellationToken.None);

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

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _dataVersion.DisposeAsync();
        await _reader.DisposeAsync();
    }
}
