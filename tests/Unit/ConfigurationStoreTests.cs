using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Sqlite;
using Xunit;

namespace Samples.Unit;

/// <summary>The configuration store in a SQLite file, with a clock that the test moves.</summary>
public sealed class ConfigurationStoreTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-configuration-").FullName;
    private readonly SqliteConfigurationStore _store;

    public ConfigurationStoreTests() => _store = new SqliteConfigurationStore(Path.Combine(_folder, "c.db"), _time, NullLogger.Instance);

    [Fact]
    public async Task Keys_are_read_by_name_or_all_with_their_metadata()
    {
        await _store.InitAsync(Cancel);
        Execute("""INSERT INTO configuration VALUES ('a', '1', 'v1', '{"unit":"s"}'), ('b', '2', '', NULL)""");
        Assert.Equal(["a"], (await _store.GetAsync(["a", "absent"], Cancel)).Keys);
        var all = await _store.GetAsync([], Cancel);
        Assert.Equal(("1", "v1", "s"), (all["a"].Value, all["a"].Version, all["a"].Metadata["unit"]));
        Assert.Equal(("2", ""), (all["b"].Value, all["b"].Version));
    }

    [Fact(Timeout = 30_000)]
    public async Task Changes_are_told_to_who_asked_for_the_key_and_not_after_the_end()
    {
        await _store.InitAsync(Cancel);
        Execute("INSERT INTO configuration VALUES ('a', '1', 'v1', NULL)");
        var told = System.Threading.Channels.Channel.CreateUnbounded<IReadOnlyDictionary<string, ConfigurationItem>>();
        var some = await _store.SubscribeAsync(["a"], items => told.Writer.WriteAsync(items).AsTask(), Cancel);
        var all = System.Threading.Channels.Channel.CreateUnbounded<IReadOnlyDictionary<string, ConfigurationItem>>();
        await using var rest = await _store.SubscribeAsync([], items => all.Writer.WriteAsync(items).AsTask(), Cancel);
        Execute("UPDATE configuration SET value = '2', version = 'v2'; INSERT INTO configuration VALUES ('b', 'x', '', NULL)");
        _time.Advance(TimeSpan.FromMilliseconds(250));
        var first = await told.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("a", "2"), (first.Keys.Single(), first["a"].Value));
        Assert.Equal(["a", "b"], (await all.Reader.ReadAsync(TestContext.Current.CancellationToken)).Keys.Order());
        await some.DisposeAsync();
        Execute("DELETE FROM configuration WHERE key = 'a'");
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal("", (await all.Reader.ReadAsync(TestContext.Current.CancellationToken))["a"].Value);
        Assert.False(told.Reader.TryRead(out _));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_was_written_before_a_subscription_is_no_change()
    {
        await _store.InitAsync(Cancel);
        var told = System.Threading.Channels.Channel.CreateUnbounded<IReadOnlyDictionary<string, ConfigurationItem>>();
        // Written, but not noticed yet when somebody subscribes.
        Execute("INSERT INTO configuration VALUES ('a', '1', 'v1', NULL)");
        await using var subscription = await _store.SubscribeAsync([], items => told.Writer.WriteAsync(items).AsTask(), Cancel);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Execute("INSERT INTO configuration VALUES ('b', '2', 'v1', NULL)");
        _time.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(["b"], (await told.Reader.ReadAsync(TestContext.Current.CancellationToken)).Keys);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "c.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
