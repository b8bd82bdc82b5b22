using Xunit;

namespace Samples.Services.Ambassador;

/// <summary>Redis' own tools, through the ambassador.</summary>
public sealed class RedisToolsTests(GarnetShards shards) : IClassFixture<GarnetShards>
{
    [Theory]
    [InlineData("-2")]
    [InlineData("-3")]
    public async Task Redis_cli_works(string protocol)
    {
        var cli = ExternalTool.Require("redis-cli", "redis-tools");
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        Task<string> Ask(params string[] words) => ExternalTool.RunAsync(
            cli, ["-p", $"{ambassador.Port}", protocol, "--no-auth-warning", .. words]);
        Assert.Equal("OK\n", await Ask("mset", "cli:a1", "1", "cli:b2", "2", "cli:c3", "3"));
        Assert.Equal("1\n2\n\n3\n", await Ask("mget", "cli:a1", "cli:b2", "cli:none", "cli:c3"));
        Assert.Equal("3\n", await Ask("del", "cli:a1", "cli:b2", "cli:c3", "cli:none"));
        Assert.Contains("cannot be sharded", await Ask("keys", "*"));
        Assert.Contains("shard_shard-1:state=live", await Ask("info"));
    }

    [Fact]
    public async Task Redis_benchmark_works()
    {
        var benchmark = ExternalTool.Require("redis-benchmark", "redis-tools");
        await using var ambassador = await AmbassadorHost.StartAsync(shards.Ports);
        foreach (var pipeline in (string[])["1", "8"])
        {
            var said = await ExternalTool.RunAsync(
                benchmark, "-p", $"{ambassador.Port}", "-n", "400", "-c", "5", "-P", pipeline, "-r", "1000", "--csv",
                "-t", "ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,lrange,mset");
            Assert.DoesNotContain("ERR", said);
            Assert.DoesNotContain("Error", said);
            Assert.Contains("\"MSET (10 keys)\"", said);
        }
    }
}
