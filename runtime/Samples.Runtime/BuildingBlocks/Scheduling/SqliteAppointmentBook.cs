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

    public SqliteAppointmentBook(string path, TimeZoneInfo zone)
    {
        _zone = zone;
        _writer = new SqliteWriter(SqliteFile.Open(path, Schema));
    }

    public Task<IReadOnlyList<Appointment>> LoadAsync(
        CancellationToken cancel) => _writer.RunAsync<IReadOnlyList<Appointment>>(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT owner, actor_id, name, job, due, expires, times FROM jobs";
        using var row = command.ExecuteReader();
        var all = new List<Appointment>();
        while (row.Read())
        {
            var target = new JobTarget(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetString(2));
            var due = FromTicks(row.GetInt64(4));
            var asked = Job.Parser.ParseFrom((byte[])row[3]);
            // A time to live is kept as a point in time: read again, it means the same.
            var kept = JobAppointment.Restore(target, asked, due, row.IsDBNull(5) ? null : FromTicks(row.GetInt64(5)), _zone);
            kept.Times = row.GetInt32(6);
            all.Add(kept);
        }

        return all;
    }, cancel);

    public Task WriteAsync(Appointment appointment)
    {
        // Read before the writer gets to it: the appointment goes on living.
        var (job, due, times) = ((JobAppointment)appointment, appointment.Due, appointment.Times);
        return _writer.RunAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = """
                INSERT INTO jobs(key, owner, actor_id, name, job, due, expires, times)
                VALUES ($key, $owner, $actor, $name, $job, $due, $expires, $times)
                ON CONFLICT(key) DO UPDATE SET owner = $owner, actor_id = $actor, name = $name, job = $job,
                  due = $due, expires = $expires, times = $times
                """;
            command.Parameters.AddWithValue("$key", job.Key);
            command.Parameters.AddWithValue("$owner", job.Target.Owner);
            command.Parameters.AddWithValue("$actor", (object?)job.Target.ActorId ?? DBNull.Value);
            command.Parameters.AddWithValue("$name", job.Target.Name);
            command.Parameters.AddWithValue("$job", job.Job.ToByteArray());
            command.Parameters.AddWithValue("$due", due.UtcTicks);
            command.Parameters.AddWithValue("$expires", (object?)job.Expires?.UtcTicks ?? DBNull.Value);
            command.Parameters.AddWithValue("$times", times);
            return command.ExecuteNonQuery();
        }, CancellationToken.None);
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
