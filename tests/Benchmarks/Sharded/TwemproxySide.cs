using System.Globalization;
using Samples.Benchmarks.Ambassador;
using StackExchange.Redis;

namespace Samples.Benchmarks.Sharded;

/// <summary>The peers: twemproxy with ketama, and Redis servers that forget what was not asked for longest.</summary>
internal static class TwemproxySide
{
    public static async Task<Side> StartAsync(string folder, CancellationToken cancel)
    {
        var (redis, nutcracker) = (Tool.Find("redis-server", "redis-server"), Tool.Find("nutcracker", "nutcracker"));
        var (shards, names) = (new List<Tool>(), new List<string>());
        for (var shard = 1; shard <= ShardedComparison.Shards; shard++)
        {
            var port = Tool.FreePort();
            string[] settings = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder,
                "--maxmemory-policy", "allkeys-lru", "--maxmemory-samples", "10"];
            shards.Add(await Tool.StartAsync(redis, settings, port, cancel));
            await LimitAsync(port);
            names.Add($"   - 127.0.0.1:{port}:1 shard-{shard}");
        }

        var (door, file) = (Tool.FreePort(), Path.Combine(folder, "nutcracker.yml"));
        await File.WriteAllTextAsync(file, $"""
            pool:
              listen: 127.0.0.1:{door}
              hash: fnv1a_64
              distribution: ketama
              redis: true
              servers:
            {string.Join('\n', names)}

            """, cancel);
        string[] arguments = ["-c", file, "-s", $"{Tool.FreePort()}", "-a", "127.0.0.1", "-o", Path.Combine(folder, "nutcracker.log")];
        var router = await Tool.StartAsync(nutcracker, arguments, door, cancel);
        var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{door},proxy=Twemproxy");
        var database = connection.GetDatabase();
        return new Side(router, shards, IsHitAsync, connection);

        async Task<bool> IsHitAsync(string key)
        {
            if ((await database.StringGetAsync(key)).HasValue)
                return true;
            await database.StringSetAsync(key, StubOrigin.BodyOf(key));
            return false;
        }
    }

    // What a server takes with nothing in it is not memory for answers.
    private static async Task LimitAsync(int port)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},allowAdmin=true");
        var server = connection.GetServer("127.0.0.1", port);
        var used = (await server.InfoAsync("memory")).SelectMany(g => g).First(p => p.Key == "used_memory").Value;
        await server.ConfigSetAsync("maxmemory", long.Parse(used, CultureInfo.InvariantCulture) + ShardedComparison.ShardBytes);
    }
}
