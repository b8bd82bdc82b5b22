using System.Data.Common;
using Microsoft.Data.Sqlite;
using Samples.HealthAdapter;
using Samples.HealthAdapter.Probes;
using Samples.RedisWire;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>Real databases that are locked, full, frozen or gone: unhealthy at the limit, and no connection is left.</summary>
public sealed class DatabaseHealthTests : IDisposable
{
    private static readonly CheckLimits Limits = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), Failures: 1, Successes: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-health-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sqlite_whose_table_is_locked_is_unhealthy_and_one_that_is_not_there_is_not_made()
    {
        var file = Path.Combine(_folder, "shop.db");
        var check = CheckOf(new SqliteProbe($"Data Source={file}", "SELECT count(*) FROM orders"));
        await AssertUnhealthyAsync(check, "unable to open");
        Assert.False(File.Exists(file));

        await using var other = new SqliteConnection($"Data Source={file};Pooling=False");
        await other.OpenAsync(Cancel);
        await ExecuteAsync(other, "CREATE TABLE orders (id INTEGER)");
        await AssertHealthyAsync(check);
        await ExecuteAsync(other, "BEGIN EXCLUSIVE");
        await AssertUnhealthyAsync(check, "");
        await ExecuteAsync(other, "ROLLBACK");
        await EndedAsync(check);
        await AssertHealthyAsync(check);

        // A query that takes for ever is interrupted: the file can be deleted by others, and nothing goes on working.
        var endless = CheckOf(new SqliteProbe(
            $"Data Source={file}", "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"));
        await AssertUnhealthyAsync(endless, "");
        await EndedAsync(endless);
    }

    [Fact]
    public async Task Postgres_that_is_locked_full_or_frozen_is_unhealthy_and_no_connection_is_left()
    {
        await using var server = await DatabaseServer.StartPostgresAsync();
        var connection = $"Host=127.0.0.1;Port={server.Port};Username=shop;Database=postgres";
        await HoldAsync(server, () => SqlProbe.Postgres(connection, null), "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE",
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'health-adapter' AND pid <> pg_backend_pid()", fillWith: 8);
    }

    [Fact]
    public async Task MariaDB_that_is_locked_full_or_frozen_is_unhealthy_and_no_connection_is_left()
    {
        await using var server = await DatabaseServer.StartMariaAsync();
        await using (var setup = SqlProbe.MySql($"Server=127.0.0.1;Port={server.Port};User ID=root", null))
        {
            await setup.OpenAsync(Cancel);
            await ExecuteAsync(setup, "CREATE DATABASE shop");
            await ExecuteAsync(setup, "SET GLOBAL max_connections = 10");
        }

        const string others = """
            SELECT count(*) FROM information_schema.processlist
            WHERE command <> 'Daemon' AND id <> connection_id()
              AND id NOT IN (SELECT id FROM information_schema.processlist WHERE info LIKE '%held%')
            """;
        await HoldAsync(
            server, () => SqlProbe.MySql($"Server=127.0.0.1;Port={server.Port};User ID=root;Database=shop", null),
            "LOCK TABLES orders WRITE", others, fillWith: 11);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    [InlineData("redis")]
    public async Task A_network_that_swallows_everything_is_unhealthy_at_the_limit_and_no_connection_is_left(string kind)
    {
        // The connection is accepted, and nothing ever comes.
        await using var hole = new Talker((_, cancel) => Task.Delay(Timeout.Infinite, cancel));
        IProbe probe = kind switch
        {
            "postgres" => new SqlProbe(
                _ => Task.FromResult(SqlProbe.Postgres($"Host=127.0.0.1;Port={hole.Port};Username=x;Database=x", null)), "SELECT 1"),
            "mysql" => new SqlProbe(_ => Task.FromResult(SqlProbe.MySql($"Server=127.0.0.1;Port={hole.Port};User ID=x", null)), "SELECT 1"),
            _ => new RedisProbe(_ => Task.FromResult(new RedisAddress("127.0.0.1", hole.Port)), TimeProvider.System),
        };
        var check = CheckOf(probe);
        await AssertUnhealthyAsync(check, "within");
        await EndedAsync(check);
        await hole.Ended(hole.Connections).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task Redis_that_pauses_is_full_or_is_gone_is_unhealthy()
    {
        await using var server = await Conformance.Redis.RedisServer.StartAsync(Cancel);
        await using var redis = await server.ConnectAsync();
        var database = redis.GetDatabase();
        var check = CheckOf(new RedisProbe(_ => Task.FromResult(new RedisAddress("127.0.0.1", server.Port)), TimeProvider.System));
        await AssertHealthyAsync(check);
        await database.ExecuteAsync("CLIENT", "PAUSE", "2500", "ALL");
        await AssertUnhealthyAsync(check, "within");
        // A full one still answers PING.
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        await AssertUnhealthyAsync(check, "OOM");
        await database.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await AssertHealthyAsync(check);
        await server.KillAsync();
        await AssertUnhealthyAsync(check, "");
    }

    // Locked, full and frozen, one after the other; healthy again after each.
    private static async Task HoldAsync(DatabaseServer server, Func<DbConnection> open, string lockTable, string countOthers, int fillWith)
    {
        await using var other = open();
        await other.OpenAsync(Cancel);
        await ExecuteAsync(other, "CREATE TABLE orders (id INTEGER)");
        var check = CheckOf(new SqlProbe(_ => Task.FromResult(open()), "SELECT count(*) FROM orders"));
        await AssertHealthyAsync(check);
        await using var observer = open();
        await observer.OpenAsync(Cancel);

        await ExecuteAsync(other, "BEGIN");
        await ExecuteAsync(other, lockTable);
        var before = await ScalarAsync(observer, countOthers);
        for (var i = 0; i < 4; i++)
        {
            await AssertUnhealthyAsync(check, "");
            await EndedAsync(check);
        }

        // The server itself says that nobody is left waiting.
        await UntilAsync(async () => await ScalarAsync(observer, countOthers) <= before);
        await ExecuteAsync(other, lockTable.StartsWith("LOCK TABLES", StringComparison.Ordinal) ? "UNLOCK TABLES" : "ROLLBACK");
        await AssertHealthyAsync(check);

        var full = new List<DbConnection>();
        try
        {
            for (var i = 0; i < fillWith; i++)
            {
                full.Add(open());
                await full[^1].OpenAsync(Cancel);
            }
        }
        catch (DbException)
        {
            // That was one too many.
        }

        await AssertUnhealthyAsync(check, "");
        foreach (var connection in full)
            await connection.DisposeAsync();
        await UntilAsync(async () =>
        {
            await check.RunOnceAsync(Cancel);
            return check.View.Healthy == true;
        });

        server.Signal("STOP");
        await AssertUnhealthyAsync(check, "");
        server.Signal("CONT");
        await EndedAsync(check);
        await UntilAsync(async () =>
        {
            await check.RunOnceAsync(Cancel);
            return check.View.Healthy == true;
        });
    }

    private static Check CheckOf(IProbe probe) => new("shop", probe, Limits, TimeProvider.System);

    // What a busy machine takes long for is asked again; what is wrong stays wrong.
    private static async Task AssertHealthyAsync(Check check) => await UntilAsync(async () =>
    {
        await check.RunOnceAsync(Cancel);
        return check.View.Healthy == true;
    }, () => check.View.Problem);

    private static async Task AssertUnhealthyAsync(Check check, string because)
    {
        var began = TimeProvider.System.GetTimestamp();
        await check.RunOnceAsync(Cancel);
        Assert.True(TimeProvider.System.GetElapsedTime(began) < Limits.Timeout * 10, "the limit was not kept");
        Assert.False(check.View.Healthy);
        Assert.Contains(because, check.View.Problem, StringComparison.OrdinalIgnoreCase);
    }

    private static Task EndedAsync(Check check) => UntilAsync(() => Task.FromResult(check.View.UnderWay == 0));

    private static async Task UntilAsync(Func<Task<bool>> isSo, Func<string?>? otherwise = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(30),
                otherwise?.Invoke() ?? "it was waited for in vain");
            await Task.Delay(20, Cancel);
        }
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    private static async Task<long> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(Cancel));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
