using Dapr.Client.Autogen.Grpc.v1;
using Google.Protobuf;
using Microsoft.Data.Sqlite;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Sqlite;

namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>Jobs and reminders in one SQLite file: what was acknowledged survives the process, however it ends.</summary>
internal sealed class SqliteAppointmentBook : IAppointmentBook
{
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS jobs(
          key TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, actor_id TEXT, name TEXT NOT NULL, job BLOB NOT NULL,
          due INTEGER NOT NULL, expires INTEGER, times INTEGER NOT NULL) WITHOUT ROWID;
        """;

    private readonly SqliteWriter _writer;
    private readonly TimeZoneInfo _zone;
    private long _version;

    public SqliteAppointmentBook(string path, TimeZoneInfo zone)
    {
        _zone = zone;
        var connection = SqliteFile.Open(path, Schema);
        // Of a file that was made before there were several processes on one.
        using var columns = connection.CreateCommand();
        columns.CommandText = "SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'generation'";
        if ((long)columns.ExecuteScalar()! == 0)
            AddGeneration(connection);
        _writer = new SqliteWriter(connection);
    }

    private static void AddGeneration(SqliteConnection connection)
    {
        try
        {
            SqliteFile.Execute(connection, "ALTER TABLE jobs ADD COLUMN generation TEXT NOT NULL DEFAULT ''");
        }
        catch (SqliteException error) when (error.Message.Contains("duplicate column", StringComparison.Ordinal))
        {
            // Another process was faster.
        }
    }

    public Task<IReadOnlyList<Appointment>> LoadAsync(CancellationToken cancel) =>
        _writer.RunAsync<IReadOnlyList<Appointment>>(connection => Read(connection), cancel);

    /// <summary>One appointment, or those whose keys begin so.</summary>
    public Task<IReadOnlyList<Appointment>> FindAsync(string key, bool isPrefix) => _writer.RunAsync<IReadOnlyList<Appointment>>(
        connection => Read(
            connection, isPrefix ? "WHERE substr(key, 1, length($key)) = $key ORDER BY key" : "WHERE key = $key", ("$key", key)),
        CancellationToken.None);

    /// <summary>True where another process wrote into the file since the last call.</summary>
    public Task<bool> HasChangedAsync() => _writer.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        var before = _version;
        _version = (long)command.ExecuteScalar()!;
        return _version != before;
    }, CancellationToken.None);

    /// <summary>True where nobody put another in its place or removed it.</summary>
    public Task<bool> IsCurrentAsync(Appointment appointment) => _writer.RunAsync(
        connection => Command(connection, "SELECT 1 FROM jobs WHERE key = $key AND generation = $generation",
            ("$key", appointment.Key), ("$generation", appointment.Generation)).ExecuteScalar() is not null,
        CancellationToken.None);

    /// <summary>Writes where no appointment has that key; false where one has.</summary>
    public Task<bool> TryAddAsync(Appointment appointment) => _writer.RunAsync(
        connection =>
        {
            using var known = Command(connection, "SELECT 1 FROM jobs WHERE key = $key", ("$key", appointment.Key));
            if (known.ExecuteScalar() is not null)
                return false;
            Write(connection, (JobAppointment)appointment, appointment.Due, appointment.Times);
            return true;
        }, CancellationToken.None);

    private List<Appointment> Read(SqliteConnection connection, string where = "", params (string, object)[] values)
    {
        using var command = Command(
            connection, "SELECT owner, actor_id, name, job, due, expires, times, generation FROM jobs " + where, values);
        using var row = command.ExecuteReader();
        var all = new List<Appointment>();
        while (row.Read())
        {
            var target = new JobTarget(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2));
            var due = FromTicks(row.GetInt64(4));
            var asked = Job.Parser.ParseFrom((byte[])row[3]);
            // A time to live is kept as a point in time: read again, it means the same.
            var kept = JobAppointment.Restore(
                target, asked, due, row.IsDBNull(5) ? null : FromTicks(row.GetInt64(5)), _zone, row.GetString(7));
            kept.Times = row.GetInt32(6);
            all.Add(kept);
        }

        return all;
    }

    public Task WriteAsync(Appointment appointment)
    {
        // Read before the writer gets to it: the appointment goes on living.
        var (job, due, times) = ((JobAppointment)appointment, appointment.Due, appointment.Times);
        return _writer.RunAsync(connection => Write(connection, job, due, times), CancellationToken.None);
    }

    public Task SettleAsync(Appointment appointment, bool comesBack)
    {
        var (key, generation, due, times) = (appointment.Key, appointment.Generation, appointment.Due.UtcTicks, appointment.Times);
        return _writer.RunAsync(connection =>
        {
            using var command = Command(
                connection, comesBack
                    ? "UPDATE jobs SET due = $due, times = $times WHERE key = $key AND generation = $generation"
                    : "DELETE FROM jobs WHERE key = $key AND generation = $generation",
                ("$key", key), ("$generation", generation), ("$due", due), ("$times", times));
            return command.ExecuteNonQuery();
        }, CancellationToken.None);
    }

    private static int Write(SqliteConnection connection, JobAppointment job, DateTimeOffset due, int times)
    {
        using var command = Command(connection, """
            INSERT INTO jobs(key, owner, actor_id, name, job, due, expires, times, generation)
            VALUES ($key, $owner, $actor, $name, $job, $due, $expires, $times, $generation)
            ON CONFLICT(key) DO UPDATE SET owner = $owner, actor_id = $actor, name = $name, job = $job,
              due = $due, expires = $expires, times = $times, generation = $generation
            """,
            ("$key", job.Key), ("$owner", job.Target.Owner), ("$actor", (object?)job.Target.ActorId ?? DBNull.Value),
            ("$name", job.Target.Name), ("$job", job.Job.ToByteArray()), ("$due", due.UtcTicks),
            ("$expires", (object?)job.Expires?.UtcTicks ?? DBNull.Value), ("$times", times), ("$generation", job.Generation));
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

    public Task RemoveAsync(IReadOnlyCollection<string> keys) => _writer.RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM jobs WHERE key = $key";
        var key = command.Parameters.Add("$key", SqliteType.Text);
        foreach (var one in keys)
        {
            key.Value = one;
            command.ExecuteNonQuery();
        }

        return true;
    }, CancellationToken.None);

    private static DateTimeOffset FromTicks(long ticks) => new(ticks, TimeSpan.Zero);

    public ValueTask DisposeAsync() => _writer.DisposeAsync();
}
