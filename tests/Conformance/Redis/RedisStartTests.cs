using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Samples.Runtime.Resources;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>A Redis component that cannot start says why, and what to do.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisStartTests
{
    [Theory]
    [InlineData("state.redis"),
        InlineData("pubsub.redis"),
        InlineData("lock.redis"),
        InlineData("configuration.redis"),
        InlineData("bindings.redis")]
    public async Task A_server_that_is_not_there_is_named_soon(string type)
    {
        await using var machine = new Machine();
        var host = $"127.0.0.1:{UnusedPort()}";
        var began = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAsync<ResourceException>(
            () => machine.StartAsync(Machine.Component("it", type, ("redisHost", host))));
        // 2 s is the promise; the rest is what a busy machine may add.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10);
        Assert.Contains($"component 'it' ({type}) finds no Redis at {host}.", error.Message);
        Assert.Contains("redis-server", error.Message);
        Assert.Contains("all.yaml:", error.Message);
    }

    [Fact]
    public async Task With_ignore_errors_it_is_left_out()
    {
        await using var machine = new Machine();
        var component = Machine.Component(
            "it", "state.redis",
            ("redisHost", $"127.0.0.1:{UnusedPort()}")).Replace("  version: v1", "  version: v1\n  ignoreErrors: true");
        using var http = Machine.Http(await machine.StartAsync(component));
        var (status, body) = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/it/k");
        Assert.Equal(500, status);
        Assert.Contains("ERR_STATE_STORE_NOT_CONFIGURED", body);
    }

    [Theory]
    [InlineData("redisType", "cluster", "'cluster' is not supported")]
    [InlineData("failover", "true", "is not supported")]
    [InlineData("redisHost", "a:1,b:2", "no single server")]
    [InlineData("redisDB", "first", "no whole number")]
    [InlineData("redisHots", "localhost:6379", "unknown setting 'redisHots'")]
    [InlineData("redisPort", "1234", "'redisHost' says 6379")]
    public async Task A_setting_that_cannot_be_used_is_named(string name, string value, string why)
    {
        await using var machine = new Machine();
        (string, string)[] settings = name == "redisHost" ? [(name, value)] : [("redisHost", "localhost:6379"), (name, value)];
        var error = await Assert.ThrowsAsync<ResourceException>(
            () => machine.StartAsync(Machine.Component("it", "state.redis", settings)));
        Assert.Contains(why, error.Message);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_wrong_password_is_called_one()
    {
        await using var server = await RedisServer.StartAsync(TestContext.Current.CancellationToken);
        await using (var admin = await server.ConnectAsync())
            await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "requirepass", "right");
        await using var machine = new Machine();
        var error = await Assert.ThrowsAsync<ResourceException>(() =>
            machine.StartAsync(Machine.Component("it", "state.redis", ("redisHost", server.Host), ("redisPassword", "wrong"))));
        Assert.Contains("may not use Redis", error.Message);
        Assert.DoesNotContain("wrong", error.Message);
        await machine.StartAsync(Machine.Component("it", "state.redis", ("redisHost", server.Host), ("redisPassword", "right")));
    }

    private static int UnusedPort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
