using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Sharded;

/// <summary>This project's: the shard router, its shards, and an origin in this process.</summary>
internal static class RouterSide
{
    public static async Task<Side> StartAsync(CancellationToken cancel)
    {
        var origin = await StubOrigin.StartAsync(cancel);
        var (shards, names) = (new List<Tool>(), new List<string>());
        for (var shard = 1; shard <= ShardedComparison.Shards; shard++)
        {
            var port = Tool.FreePort();
            shards.Add(await Tool.StartServiceAsync("Samples.CacheShard", port, cancel,
                ("APP_PORT", $"{port}"), ("ORIGIN", origin.Address), ("CACHE_KIB", $"{ShardedComparison.ShardBytes / 1024}")));
            names.Add($"{shard}: http://127.0.0.1:{port}");
        }

        var door = Tool.FreePort();
        var router = await Tool.StartServiceAsync("Samples.ShardRouter", door, cancel,
            ("APP_PORT", $"{door}"), ("ORIGIN", origin.Address), ("SHARDS", string.Join("; ", names)));
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{door}") };
        return new Side(router, shards, IsHitAsync, origin);

        async Task<bool> IsHitAsync(string key)
        {
            using var answer = await http.GetAsync(key, cancel);
            answer.EnsureSuccessStatusCode();
            await answer.Content.ReadAsByteArrayAsync(cancel);
            return answer.Headers.GetValues("X-Cache").First() == "HIT";
        }
    }
}
