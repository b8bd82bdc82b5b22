using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Samples.Runtime.Components.Sqlite;

/// <summary>
/// The tables of <see cref="SqliteBroker"/> and what memory knows of them. Everything here runs on the writer's thread, in the order of
/// commits.
/// </summary>
internal sealed class SqliteMessageLog : IDisposable
{
    public const string Schema = """
        CREATE TABLE IF NOT EXISTS messages(
          id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data BLOB NOT NULL,
          content_type TEXT, metadata TEXT, expires INTEGER);
        CREATE INDEX IF NOT EXISTS messages_topic ON messages(topic, id);
        CREATE TABLE IF NOT EXISTS groups(
          id INTEGER PRIMARY KEY, topic TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, UNIQUE(topic, name));
        CREATE TABLE IF NOT EXISTS handled(
          group_id INTEGER NOT NULL, message_id INTEGER NOT NULL, PRIMARY KEY(group_id, message_id)) WITHOUT ROWID;
        """;

    private const int Page = 256;

    // What a topic keeps for its first group: enough for applications that start in any order, not enough to fill a disk.
    private const int MostWithoutGroup = 1000;

    private readonly Dictionary<string, Dictionary<string, SqliteGroup>> _topics = new(StringComparer.Ordinal);
    private readonly SqliteCommand _append, _page, _position, _outOfOrder, _inOrder, _remove, _trim, _addGroup, _lastId;

    public SqliteMessageLog(SqliteConnection connection)
    {
        _append = Prepare(
            "INSERT INTO messages(topic, data, content_type, metadata, expires) "
                + "VALUES ($topic, $data, $type, $metadata, $expires) RETURNING id",

            "$topic", "$data", "$type", "$metadata", "$expires");
        _page = Prepare("""
            SELECT id, data, content_type, metadata, expires FROM messages
            WHERE topic = $topic AND id > $cursor AND NOT EXISTS (SELECT 1 FROM handled WHERE group_id = $group AND message_id = id)
            ORDER BY id LIMIT $limit
            """, "$topic", "$cursor", "$group", "$limit");
        _position = Prepare("UPDATE groups SET position = $position WHERE id = $group", "$position", "$group");
        _outOfOrder = Prepare("INSERT OR IGNORE INTO handled(group_id, message_id) VALUES ($group, $message)", "$group", "$message");
        _inOrder = Prepare("DELETE FROM handled WHERE group_id = $group AND message_id <= $position", "$group", "$position");
        _remove = Prepare("DELETE FROM messages WHERE topic = $topic AND id <= $id", "$topic", "$id");
        _trim = Prepare("""
            DELETE FROM messages WHERE topic = $topic AND id <= (
              SELECT id FROM messages WHERE topic = $topic ORDER BY id DESC LIMIT 1 OFFSET $kept)
            """, "$topic", "$kept");
        _addGroup = Prepare(
            "INSERT INTO groups(topic, name, position) VALUES ($topic, $name, $position) RETURNING id", "$topic", "$name", "$position");
        _lastId = Prepare("SELECT seq FROM sqlite_sequence WHERE name = 'messages'");
        using var known = Prepare("SELECT id, topic, name, position FROM groups");
        using var rows = known.ExecuteReader();
        while (rows.Read())
            Topic(rows.GetString(1))[rows.GetString(2)] = new SqliteGroup(rows.GetInt64(0), rows.GetInt64(3));

        SqliteCommand Prepare(string sql, params string[] names)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var name in names)
                command.Parameters.Add(new SqliteParameter { ParameterName = name });
            return command;
        }
    }

    /// <summary>A message that was stored, and the groups that it is for.</summary>
    public readonly record struct Stored(long Id, BrokerMessage Message, IReadOnlyCollection<SqliteGroup> Groups);

    public IReadOnlyList<Stored> Append(IReadOnlyList<BrokerMessage> messages)
    {
        var stored = new Stored[messages.Count];
        for (var i = 0; i < stored.Length; i++)
        {
            var message = messages[i];
            var id = (long)Bind(_append, message.Topic, Bytes(message.Data), message.ContentType,
                message.Metadata.Count > 0 ? JsonSerializer.Serialize(message.Metadata) : null,
                message.Expires?.ToUnixTimeMilliseconds()).ExecuteScalar()!;
            var groups = Topic(message.Topic);
            if (groups.Count == 0)
                Bind(_trim, message.Topic, MostWithoutGroup).ExecuteNonQuery();
            stored[i] = new Stored(id, message, groups.Values);
        }

        return stored;
    }

    /// <summary>After the commit: straight into the hands of each group that is not behind.</summary>
    public static void HandOver(IReadOnlyList<Stored> stored)
    {
        foreach (var (id, message, groups) in stored)
        {
            foreach (var group in groups)
            {
                // A page that was loaded after the same commit holds it already.
                if (id <= group.Cursor)
                    continue;
                if (group is { Consumers: not null, Behind: false, HasRoom: true })
                    group.HandOver(new QueuedMessage(id, message));
                else
                    group.Behind = true;
            }
        }
    }

    /// <summary>The group; a new one begins at the end of its topic, the first one of a topic with what the topic has kept.</summary>
    public SqliteGroup Group(string topic, string name)
    {
        var groups = Topic(topic);
        if (groups.TryGetValue(name, out var group))
            return group;
        var position = groups.Count == 0 ? 0 : _lastId.ExecuteScalar() as long? ?? 0;
        return groups[name] = new SqliteGroup((long)Bind(_addGroup, topic, name, position).ExecuteScalar()!, position);
    }

    /// <summary>Hands over what waits in the file, as far as there is room.</summary>
    public void Load(IReadOnlyCollection<SqliteGroup> groups)
    {
        foreach (var group in groups)
            Load(group);
    }

    private void Load(SqliteGroup group)
    {
        while (group is { Behind: true, HasRoom: true, Consumers: { } consumers })
        {
            var page = new List<QueuedMessage>(Page);
            using (var row = Bind(_page, consumers.Topic, group.Cursor, group.RowId, Page).ExecuteReader())
            {
                while (row.Read())
                    page.Add(new QueuedMessage(row.GetInt64(0), Read(consumers.Topic, row)));
            }

            group.Behind = page.Count == Page;
            page.ForEach(group.HandOver);
        }
    }

    /// <summary>Stores how far the group is, and removes what all groups of the topic have handled.</summary>
    public void SavePosition(SqliteGroup group)
    {
        var before = group.Position;
        foreach (var id in group.Advance())
        {
            Bind(_outOfOrder, group.RowId, id).ExecuteNonQuery();
            group.HasOutOfOrder = true;
        }

        if (group.Position == before)
            return;
        Bind(_position, group.Position, group.RowId).ExecuteNonQuery();
        if (group.HasOutOfOrder)
        {
            Bind(_inOrder, group.RowId, group.Position).ExecuteNonQuery();
            group.HasOutOfOrder = group.Position < group.Cursor;
        }

        var topic = group.Consumers!.Topic;
        Bind(_remove, topic, Topic(topic).Values.Min(g => g.Position)).ExecuteNonQuery();
    }

    /// <summary>Lets running handlers finish. No subscription may come after it.</summary>
    public Task EndGroupsAsync() =>
        Task.WhenAll(_topics.Values.SelectMany(t => t.Values).Select(g => g.Consumers?.DisposeAsync().AsTask() ?? Task.CompletedTask));

    private Dictionary<string, SqliteGroup> Topic(string topic)
    {
        if (!_topics.TryGetValue(topic, out var groups))
            _topics.Add(topic, groups = new Dictionary<string, SqliteGroup>(StringComparer.Ordinal));
        return groups;
    }

    private static BrokerMessage Read(string topic, SqliteDataReader row) => new(
        topic, (byte[])row[1], row.IsDBNull(2) ? null : row.GetString(2),
        row.IsDBNull(3) ? new Dictionary<string, string>() : JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(3))!)
    {
        Expires = row.IsDBNull(4) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4)),
    };

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(data, out var array) && array.Array!.Length == data.Length
            ? array.Array
            : data.ToArray();

    private static SqliteCommand Bind(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    public void Dispose()
    {
        foreach (var command in new[] { _append, _page, _position, _outOfOrder, _inOrder, _remove, _trim, _addGroup, _lastId })
            command.Dispose();
    }
}
