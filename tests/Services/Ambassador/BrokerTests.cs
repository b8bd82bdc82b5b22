using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.BrokerAmbassador;
using Samples.RedisShard;
using Xunit;

namespace Samples.Services.Ambassador;

public sealed class BrokerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_connections_move_and_old_ones_finish()
    {
        await using var one = new FakeShard("one");
        await using var two = new FakeShard("two");
        var directory = new BackendDirectory(NullLogger<BackendDirectory>.Instance);
        using var broker = await StartAsync(directory);
        directory.Configure($"tcp://127.0.0.1:{one.Port}");
        using var old = await RawClient.ConnectAsync(broker.Port);
        Assert.Equal("one", await old.GetAsync("k"));

        directory.Configure($"tcp://127.0.0.1:{two.Port}");
        using var fresh = await RawClient.ConnectAsync(broker.Port);
        Assert.Equal("two", await fresh.GetAsync("k"));
        Assert.Equal("one", await old.GetAsync("k"));

        directory.Configure("nonsense");
        using var after = await RawClient.ConnectAsync(broker.Port);
        Assert.Equal("two", await after.GetAsync("k"));
        Assert.Equal(3, broker.Open.Values.Sum());
        await broker.StopAsync(Cancel);
    }

    [Fact]
    public async Task The_ambassador_logs_in_with_a_secret_that_the_application_never_sees()
    {
        using var server = GarnetShard.Start(0, password: "s3cret");
        var directory = new BackendDirectory(NullLogger<BackendDirectory>.Instance);
        using var broker = await StartAsync(directory, (name, _) => Task.FromResult(name == "redis-password" ? "s3cret" : "wrong"));
        directory.Configure($"redis://127.0.0.1:{server.Port}?secret=redis-password");
        using var client = await RawClient.ConnectAsync(broker.Port);
        Assert.Equal("$-1", await client.GetAsync("absent"));

        directory.Configure($"redis://127.0.0.1:{server.Port}?secret=another");
        using var refused = await RawClient.ConnectAsync(broker.Port);
        Assert.Null(await refused.LineAsync());
        await broker.StopAsync(Cancel);
    }

    [Fact]
    public async Task Without_a_backend_and_with_a_dead_one_the_connection_ends()
    {
        var directory = new BackendDirectory(NullLogger<BackendDirectory>.Instance);
        using var broker = await StartAsync(directory);
        using (var early = await RawClient.ConnectAsync(broker.Port))
            Assert.Null(await LineOrNullAsync(early));
        directory.Configure("tcp://127.0.0.1:1");
        using (var dead = await RawClient.ConnectAsync(broker.Port))
            Assert.Null(await LineOrNullAsync(dead));
        await broker.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1:6379", true)]
    [InlineData("redis://127.0.0.1:6379", true)]
    [InlineData("redis://app@redis:6379?secret=redis-password", true)]
    [InlineData("redis://app:password@redis:6379", false)]
    [InlineData("tcp://127.0.0.1", false)]
    [InlineData("tcp://127.0.0.1:6379?secret=x", false)]
    [InlineData("http://127.0.0.1:80", false)]
    [InlineData("127.0.0.1:6379", false)]
    public void Backends_are_written_in_one_way(string text, bool isOne) => Assert.Equal(isOne, Backend.Parse(text) is not null);

    private static async Task<BrokerListener> StartAsync(BackendDirectory directory, FindSecret? secrets = null)
    {
        var broker = new BrokerListener(
            0,
            directory,
            new BackendLogin(secrets ?? ((_, _) => throw new IOException("no secrets here"))),
            NullLogger<BrokerListener>.Instance);
        await broker.StartAsync(Cancel);
        return broker;
    }

    private static async Task<string?> LineOrNullAsync(RawClient client)
    {
        try
        {
            return await client.LineAsync();
        }
        catch (IOException error) when (error.InnerException is SocketException)
        {
            return null;
        }
    }
}
