using System.Net.Sockets;
using System.Text;
using Samples.RedisShard;
using StackExchange.Redis;
using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>A client library that knows nothing of shards, through the ambassador, to real servers in this process.</summary>
public sealed class ShardAmbassadorTests(GarnetShards shards) : IClassFixture<GarnetShards>
{
    private static readonly string[] DaprSave =
    [
        // What Dapr's state store sends to save a value with an ETag: a script with one key.
        """
        local etag = redis.pcall("HGET", KEYS[1], "version")
        if type(etag) == "table" then redis.call("DEL", KEYS[1]) end
        if not etag or type(etag) == "table" or etag == "" or etag == ARGV[1] then
          redis.call("HSET", KEYS[1], "data", ARGV[2])
          return redis.call("HINCRBY", KEYS[1], "version", 1)
        else
          return error("failed to set key " .. KEYS[1])
        end
        """,
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task StackExchange_Redis_works_unchanged(RedisProtocol protocol)
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        await using var redis = await ConnectAsync(ambassador.Port, protocol);
        var db = redis.GetDatabase();
        var prefix = $"{protocol}:{Guid.NewGuid():n}:";
        RedisKey[] keys = [.. Enumerable.Range(0, 300).Select(i => (RedisKey)$"{prefix}{Guid.NewGuid():n}")];

        Assert.True(await db.StringSetAsync([.. keys.Select((k, i) => KeyValuePair.Create(k, (RedisValue)i))]));
        var values = await db.StringGetAsync([.. keys, prefix + "absent"]);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => (RedisValue)i), values[..300]);
        Assert.True(values[300].IsNull);
        Assert.Equal(300, await db.KeyExistsAsync([.. keys, prefix + "absent"]));
        Assert.Equal(100, await db.KeyDeleteAsync(keys[..100]));

        await db.HashSetAsync(prefix + "hash", [new("a", 1), new("b", 2)]);
        Assert.Equal(2, (await db.HashGetAllAsync(prefix + "hash")).Length);
        Assert.Equal(6, await db.StringIncrementAsync(prefix + "n", 6));
        var big = new byte[3_000_000];
        Random.Shared.NextBytes(big);
        await db.StringSetAsync(prefix + "big", big);
        Assert.Equal(big, (byte[]?)await db.StringGetAsync(prefix + "big"));
    }

    [Fact]
    public async Task Keys_lie_where_the_ring_says_and_nowhere_else()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        await using var redis = await ConnectAsync(ambassador.Port);
        string[] keys = [.. Enumerable.Range(0, 500).Select(_ => Guid.NewGuid().ToString())];
        await Task.WhenAll(keys.Select(k => redis.GetDatabase().StringSetAsync(k, 1)));
        for (var shard = 0; shard < shards.Ports.Length; shard++)
        {
            await using var direct = await ConnectAsync(shards.Ports[shard]);
            foreach (var key in keys)
                Assert.Equal(
                    ambassador.Pool.Find(Encoding.UTF8.GetBytes(key))!.Server.Name == $"shard-{shard + 1}",
                    await direct.GetDatabase().KeyExistsAsync(key));
        }
    }

    [Fact]
    public async Task What_Dapr_sends_for_state_works_and_needs_one_key()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        await using var redis = await ConnectAsync(ambassador.Port);
        var (db, key) = (redis.GetDatabase(), $"app1||{Guid.NewGuid():n}");
        Assert.Equal(1, (int)await db.ScriptEvaluateAsync(DaprSave[0], [key], ["", "\"v\""]));
        Assert.Equal(2, (int)await db.ScriptEvaluateAsync(DaprSave[0], [key], ["1", "\"w\""]));
        await Assert.ThrowsAsync<RedisServerException>(() => db.ScriptEvaluateAsync(DaprSave[0], [key], ["1", "\"late\""]));
        Assert.Equal("\"w\"", await db.HashGetAsync(key, "data"));
        Assert.Contains("connected_slaves:0", await redis.GetServer("127.0.0.1", ambassador.Port).InfoRawAsync("replication"));
        Assert.Contains(
            "without a key", (await Assert.ThrowsAsync<RedisServerException>(() => db.ExecuteAsync("EVAL", "return 1", 0))).Message);
    }

    [Theory]
    [InlineData("KEYS *")]
    [InlineData("SCAN 0")]
    [InlineData("MULTI")]
    [InlineData("SUBSCRIBE news")]
    [InlineData("SELECT 1")]
    [InlineData("BLPOP list 0")]
    [InlineData("FLUSHALL")]
    [InlineData("CONFIG SET timeout 1")]
    [InlineData("GET")]
    [InlineData("MSET a 1 b")]
    [InlineData("EVAL x 2 a")]
    [InlineData("EVAL x nonsense a")]
    [InlineData("NONSENSE")]
    [InlineData("SORT list BY weight_*")]
    [InlineData("SORT list GET object_*")]
    [InlineData("CLIENT SETNAME \"my app\"")]
    public async Task What_cannot_be_done_is_an_error_and_the_connection_goes_on(string command)
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        await client.SendAsync(command + "\r\nDISCARD\r\nPING\r\n");
        Assert.Matches("^-[A-Z]+ .{10,}", await client.LineAsync());
        Assert.StartsWith("-ERR 'discard' cannot be sharded", await client.LineAsync());
        Assert.Equal("+PONG", await client.LineAsync());
    }

    [Fact]
    public async Task Nothing_of_a_refused_transaction_runs()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        var key = Guid.NewGuid().ToString();
        await client.SendAsync($"MULTI\r\nSET {key} 1\r\nEXEC\r\n");
        Assert.StartsWith("-ERR 'multi' cannot be sharded", await client.LineAsync());
        Assert.StartsWith("-ERR not run", await client.LineAsync());
        Assert.StartsWith("-ERR 'exec' cannot be sharded", await client.LineAsync());
        Assert.Equal("$-1", await client.GetAsync(key));
    }

    [Fact]
    public async Task Keys_on_different_shards_cannot_be_renamed_and_a_tag_helps()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        await using var redis = await ConnectAsync(ambassador.Port);
        var db = redis.GetDatabase();
        var other = Enumerable.Range(0, 1000).Select(i => $"{i}{i}{i}{i}b").First(k => Shard(ambassador, k) != Shard(ambassador, "1a"));
        await db.StringSetAsync("1a", 1);
        Assert.StartsWith("CROSSSLOT", (await Assert.ThrowsAsync<RedisServerException>(() => db.KeyRenameAsync("1a", other))).Message);
        await db.StringSetAsync("{t}1a", 1);
        Assert.True(await db.KeyRenameAsync("{t}1a", "{t}" + other));
    }

    [Fact]
    public async Task Replies_come_in_the_order_of_a_pipeline_whichever_shard_is_faster()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        var prefix = Guid.NewGuid().ToString("n");
        await client.SendAsync(
            string.Concat(Enumerable.Range(0, 3000).Select(i => $"SET {i}{prefix}{i} {i}\r\nGET {i}{prefix}{i}\r\nECHO {i}\r\n")));
        for (var i = 0; i < 3000; i++)
        {
            Assert.Equal("+OK", await client.LineAsync());
            foreach (var _ in (int[])[1, 2])
            {
                Assert.Equal($"${i.ToString().Length}", await client.LineAsync());
                Assert.Equal($"{i}", await client.LineAsync());
            }
        }
    }

    [Fact]
    public async Task Broken_protocol_gets_an_error_and_the_end()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        await client.SendAsync("PING\r\n*1\r\n$999999999\r\n");
        Assert.Equal("+PONG", await client.LineAsync());
        Assert.StartsWith("-ERR Protocol error", await client.LineAsync());
        Assert.Null(await client.LineAsync());
    }

    [Theory]
    [InlineData("*02\r\n$3\r\nGET\r\n$1\r\nk\r\n")]
    [InlineData("SET k \"v\r\n")]
    public async Task What_a_server_would_not_read_never_reaches_it(string command)
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports, ("FAILURE_LIMIT", "1"));
        using var innocent = await RawClient.ConnectAsync(ambassador.Port);
        await innocent.GetAsync("k");
        for (var i = 0; i < 3; i++)
        {
            using var client = await RawClient.ConnectAsync(ambassador.Port);
            await client.SendAsync(command);
            Assert.StartsWith("-ERR Protocol error", await client.LineAsync());
            Assert.Null(await client.LineAsync());
            Assert.Equal("$-1", await innocent.GetAsync("k"));
        }

        Assert.All(ambassador.Pool.Shards, s => Assert.Equal((0, false), (s.Failed, s.Ejection.IsEjected)));
    }

    [Fact]
    public async Task A_reply_larger_than_the_limit_is_an_error_for_the_asker_alone()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports, ("FAILURE_LIMIT", "1"), ("MAX_COMMAND_MB", "1"));
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        using var innocent = await RawClient.ConnectAsync(ambassador.Port);
        string[] keys = [.. Enumerable.Range(0, 4).Select(i => $"{{large}}{i}{Guid.NewGuid():n}")];
        var value = new string('v', 400_000);
        foreach (var key in keys)
        {
            await client.SendAsync($"*3\r\n$3\r\nSET\r\n${key.Length}\r\n{key}\r\n${value.Length}\r\n{value}\r\n");
            Assert.Equal("+OK", await client.LineAsync());
        }

        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"MGET {string.Join(' ', keys)}\r\n");
            var asked = innocent.GetAsync("{large}none");
            Assert.StartsWith("-ERR the reply is larger than 1 MiB", await client.LineAsync());
            Assert.Equal("$-1", await asked);
        }

        // And the connection goes on.
        Assert.Equal(value, await client.GetAsync(keys[0]));
        Assert.All(ambassador.Pool.Shards, s => Assert.Equal((0, false), (s.Failed, s.Ejection.IsEjected)));
    }

    [Fact]
    public async Task What_a_client_calls_itself_is_kept_as_it_is()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        await client.SendAsync("CLIENT SETNAME MyApp\r\nCLIENT GETNAME\r\n"
            + "CLIENT SETNAME \"\"\r\nCLIENT GETNAME\r\nHELLO 2 SETNAME Other\r\n");
        foreach (var line in (string[])["+OK", "$5", "MyApp", "+OK", "$-1", "*14"])
            Assert.Equal(line, await client.LineAsync());
        using var another = await RawClient.ConnectAsync(ambassador.Port);
        await another.SendAsync("HELLO 2 SETNAME \"no name\"\r\nCLIENT GETNAME\r\n");
        Assert.StartsWith("-ERR Client names cannot contain spaces", await another.LineAsync());
        Assert.Equal("$-1", await another.LineAsync());
    }

    [Fact]
    public async Task Options_that_store_a_result_need_their_key_on_the_same_server()
    {
        await using var one = new FakeShard("shard-1");
        await using var two = new FakeShard("shard-2");
        await using var ambassador = await AmbassadorHost.StartAsync([one.Port, two.Port]);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        var (here, there) = (Key(ambassador, "shard-1"), Key(ambassador, "shard-2"));
        string[] commands =
        [
            $"GEORADIUS {here} 15 37 200 km STORE {{0}}",
            $"GEORADIUSBYMEMBER {here} store 200 km STOREDIST {{0}}",
            $"SORT {here} LIMIT 0 5 STORE {{0}}",
        ];
        foreach (var command in commands)
        {
            await client.SendAsync(string.Format(null, command, there) + "\r\n");
            Assert.StartsWith("-CROSSSLOT", await client.LineAsync());
            await client.SendAsync(string.Format(null, command, here) + "\r\n");
            Assert.Equal("+OK", await client.LineAsync());
        }

        await client.SendAsync($"GEORADIUS {here} 15 37 200 km\r\nSORT {here} DESC\r\nSORT_RO {there} BY nosort\r\n");
        foreach (var _ in (int[])[1, 2, 3])
            Assert.Equal("+OK", await client.LineAsync());
    }

    [Theory, MemberData(nameof(Lacking))]
    public async Task What_the_page_says_that_Garnet_lacks_it_lacks(string command)
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        await client.SendAsync(command + " {k}1 {k}2 {k}3 {k}4\r\nPING\r\n");
        Assert.Equal("-ERR unknown command", await client.LineAsync());
        Assert.Equal("+PONG", await client.LineAsync());
    }

    public static TheoryData<string> Lacking() => [.. GarnetLacks()];

    private static IEnumerable<string> GarnetLacks()
    {
        var page = File.ReadAllText(Path.Combine(Checkout.Root, "services", "single-node", "ambassador", "README.md"));
        var row = page.Split('\n').Single(l => l.StartsWith("| a command that Garnet lacks", StringComparison.Ordinal));
        return System.Text.RegularExpressions.Regex.Matches(row, "`([A-Z]+)`").Select(m => m.Groups[1].Value);
    }

    [Fact]
    public async Task More_clients_than_allowed_are_told_so()
    {
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports, ("MAX_CLIENTS", "1"));
        using var first = await RawClient.ConnectAsync(ambassador.Port);
        await first.SendAsync("PING\r\n");
        Assert.Equal("+PONG", await first.LineAsync());
        using var second = await RawClient.ConnectAsync(ambassador.Port);
        Assert.Equal("-ERR max number of clients reached", await second.LineAsync());
    }

    [Fact]
    public async Task A_dead_server_fails_its_own_keys_until_it_is_ejected_and_comes_back()
    {
        var fakes = Enumerable.Range(1, 3).Select(i => new FakeShard($"shard-{i}")).ToArray();
        await using var ambassador = await AmbassadorHost.StartAsync(
            fakes.Select(f => f.Port), ("FAILURE_LIMIT", "2"), ("RETRY_SECONDS", "0.5"));
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        var (victim, other) = (Key(ambassador, "shard-2"), Key(ambassador, "shard-3"));
        Assert.Equal("shard-2", await client.GetAsync(victim));
        await fakes[1].DisposeAsync();

        var errors = 0;
        string? now;
        while ((now = await client.GetAsync(victim))!.StartsWith('-'))
        {
            errors++;
            Assert.Equal("shard-3", await client.GetAsync(other));
        }

        Assert.InRange(errors, 1, 3);
        Assert.Contains(now, (string[])["shard-1", "shard-3"]);
        fakes[1] = new FakeShard("shard-2", fakes[1].Port);
        while (await client.GetAsync(victim) != "shard-2")
            await Task.Delay(20, Cancel);
        Assert.Equal("shard-3", await client.GetAsync(other));
        foreach (var fake in fakes)
            await fake.DisposeAsync();
    }

    [Fact]
    public async Task A_silent_server_costs_its_timeout_and_no_more()
    {
        await using var one = new FakeShard("shard-1");
        await using var two = new FakeShard("shard-2");
        await using var ambassador = await AmbassadorHost.StartAsync(
            [one.Port, two.Port], ("SHARD_TIMEOUT_MS", "300"), ("FAILURE_LIMIT", "1"), ("RETRY_SECONDS", "60"));
        using var client = await RawClient.ConnectAsync(ambassador.Port);
        var victim = Key(ambassador, "shard-2");
        two.IsSilent = true;
        Assert.Equal("-ERR shard-2 failed: no answer within 300 ms", await client.GetAsync(victim));
        Assert.Equal("shard-1", await client.GetAsync(victim));
    }

    private static string Shard(AmbassadorHost ambassador, string key) => ambassador.Pool.Find(Encoding.UTF8.GetBytes(key))!.Server.Name;

    private static string Key(AmbassadorHost ambassador, string shard) =>
        Enumerable.Range(0, 10_000).Select(i => $"{i}{i}{i}key").First(k => Shard(ambassador, k) == shard);

    private static Task<ConnectionMultiplexer> ConnectAsync(int port, RedisProtocol protocol = RedisProtocol.Resp2) =>
        ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } },
            Protocol = protocol,
            AllowAdmin = true,
            AsyncTimeout = 60_000,
            SyncTimeout = 60_000,
            ConnectTimeout = 60_000,
        });
}

/// <summary>Three servers in this process, for all tests of a class.</summary>
public sealed class GarnetShards : IDisposable
{
    private readonly GarnetShard[] _shards = [.. Enumerable.Range(0, 3).Select(_ => GarnetShard.Start(0))];

    public int[] Ports => [.. _shards.Select(s => s.Port)];

    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
    }
}

/// <summary>A client as <c>telnet</c> is one.</summary>
internal sealed class RawClient(TcpClient client) : IDisposable
{
    private readonly StreamReader _reader = new(client.GetStream(), Encoding.UTF8);

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        return new RawClient(client);
    }

    public async Task SendAsync(string text) =>
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text), TestContext.Current.CancellationToken);

    public async Task<string?> LineAsync() => await _reader.ReadLineAsync(TestContext.Current.CancellationToken);

    /// <summary>The value of a key, or the error's line.</summary>
    public async Task<string?> GetAsync(string key)
    {
        await SendAsync($"*2\r\n$3\r\nGET\r\n${Encoding.UTF8.GetByteCount(key)}\r\n{key}\r\n");
        var line = await LineAsync();
        return line is ['$', not '-', ..] ? await LineAsync() : line;
    }

    public void Dispose() => client.Dispose();
}
