using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Unit;

/// <summary>The settings of <c>state.sqlite</c> that Dapr documents, each by what it does to the file.</summary>
public sealed class SqliteSettingsTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-sqlite-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stores_with_tables_of_their_own_share_a_file_and_no_key()
    {
        await using var orders = Open(("tableName", "orders"));
        await using var stock = Open(("tableName", "stock_2"));
        await SetAsync(orders, "k");
        Assert.Null(await stock.GetAsync("k", Cancel));
        Assert.Equal((1, 0), (Count("SELECT count(*) FROM orders"), Count("SELECT count(*) FROM stock_2")));
        Assert.Equal(0, Count("SELECT count(*) FROM sqlite_master WHERE name = 'state'"));
    }

    [Theory]
    [InlineData("1h", 59, 1)]
    [InlineData("1h", 60, 0)]
    [InlineData("120", 2, 0)]
    [InlineData("-1", 6000, 1)]
    [InlineData(null, 1, 0)]
    public async Task What_has_expired_is_removed_at_the_interval_and_found_by_nobody_before(string? interval, int minutes, int left)
    {
        await using var store = interval is null ? Open() : Open(("cleanupInterval", interval));
        await SetAsync(store, "k", TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(await store.GetAsync("k", Cancel));
        _time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(2));
        // The writer works in order: what the clock began is done before.
        await SetAsync(store, "other");
        Assert.Equal(left, Count("SELECT count(*) FROM state WHERE key = 'k'"));
    }

    [Fact]
    public async Task Another_process_that_writes_is_waited_for_as_long_as_asked_and_no_longer()
    {
        await using var store = Open(("busyTimeout", "100ms"));
        using var other = Connect();
        Execute(other, "BEGIN IMMEDIATE");
        // Without the setting, it would be tried for half a minute.
        var refused = await Assert.ThrowsAsync<SqliteException>(() => SetAsync(store, "k").WaitAsync(TimeSpan.FromSeconds(20), Cancel));
        Assert.Contains("locked", refused.Message);
        Execute(other, "ROLLBACK");
        await SetAsync(store, "k");
    }

    [Theory]
    [InlineData("true", "delete")]
    [InlineData("1", "delete")]
    [InlineData("false", "wal")]
    public async Task The_log_can_be_left_out(string disabled, string journal)
    {
        await using var store = Open(("disableWAL", disabled));
        await SetAsync(store, "k");
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode";
        Assert.Equal(journal, command.ExecuteScalar());
        Assert.Equal(journal == "wal", File.Exists(Path.Combine(_folder, "state.db-wal")));
    }

    [Theory]
    [InlineData("tableName", "a b", "'tableName' of component 'store' is 'a b', which is no table's name. Write letters,")]
    [InlineData("tableName", "1a", "which is no table's name")]
    [InlineData("cleanupInterval", "soon", "'cleanupInterval' of component 'store' is 'soon', which is no duration. Write for example")]
    [InlineData("busyTimeout", "1 s", "'busyTimeout' of component 'store' is '1 s', which is no duration")]
    public void A_wrong_value_is_named_with_its_line_and_the_cure(string key, string value, string message)
    {
        var error = Assert.Throws<ResourceException>(() => Open((key, value)));
        Assert.Contains(message, error.Message);
        Assert.Equal(7, error.Origin.Line);
    }

    private IStateStore Open(params (string Key, string Value)[] settings)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["connectionString"] = "state.db" };
        foreach (var (key, value) in settings)
            metadata[key] = value;
        var component = new Component("store", "state.sqlite", "v1", metadata, Origin.Code)
        {
            MetadataOrigins = settings.ToDictionary(s => s.Key, _ => new Origin("store.yaml", 7)),
        };
        return (IStateStore)EngineCatalog.All["state.sqlite"].Create(
            component, new EngineContext(_folder, _time, NullLoggerFactory.Instance));
    }

    private static Task SetAsync(IStateStore store, string key, TimeSpan? life = null) =>
        store.WriteAsync([new StateWrite.Set(key, "1"u8.ToArray(), Ttl: life)], Cancel);

    private int Count(string sql)
    {
        using var connection = Connect();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (int)(long)command.ExecuteScalar()!;
    }

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
