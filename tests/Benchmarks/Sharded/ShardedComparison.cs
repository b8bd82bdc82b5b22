using Samples.Benchmarks.Ambassador;
using StackExchange.Redis;

namespace Samples.Benchmarks.Sharded;

/// <summary>
/// The router with four shards beside twemproxy with four Redis servers: as much memory for answers, the same keys asked for in the same
/// order. Both reach what is behind them directly: what a sidecar costs is another comparison.
/// </summary>
internal sealed class ShardedComparison : IComparison
{
    private const int Shards = 4, Keys = 20_000, Clients = 16, Seed = 1;
    private const long ShardBytes = 2 * 1024 * 1024;
    private const double Skew = 0.8, Point = 0.01;

    public string Name => "sharded";

    public string Description =>
        "The shard router with its shards, and twemproxy with Redis: hit rate and processor time for the same keys.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        // By the seconds that were asked for: a thousand requests each.
        var requests = Math.Max(4, (int)duration.TotalSeconds) * 4000;
        var trace = Trace(requests * 2);
        try
        {
            var ours = await OursAsync(trace, requests, cancel);
            var peer = await PeerAsync(folder, trace, requests, cancel);
            var gap = (ours.Hits - peer.Hits) * 100;
            report(new Finding(
                $"hit rate, {Keys} keys by Zipf's law, 4 x {ShardBytes >> 20} MiB: to twemproxy with Redis",
                ours.Hits * 100, peer.Hits * 100, "%", "within 1 point, or above", gap >= -Point * 100));
            report(new Finding("requests a second of processor time, router and shards", ours.PerSecond, peer.PerSecond, "1/s"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed record Result(double Hits, double PerSecond);

    private static string[] Trace(int count)
    {
        var random = new Random(Seed);
        var sums = new double[Keys];
        for (var (i, sum) = (0, 0.0); i < Keys; i++)
            sums[i] = sum += Math.Pow(i + 1, -Skew);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var found = Array.BinarySearch(sums, random.NextDouble() * sums[^1]);
            return $"/items?id={Math.Min(found < 0 ? ~found : found, Keys - 1):00000}";
        })];
    }

    private static async Task<Result> OursAsync(string[] trace, int counted, CancellationToken cancel)
    {
        await using var origin = await StubOrigin.StartAsync(cancel);
        var tools = new List<Tool>();
        try
        {
            var shards = new List<string>();
            for (var shard = 1; shard <= Shards; shard++)
            {
                var port = Tool.FreePort();
                tools.Add(await Tool.StartServiceAsync("Samples.CacheShard", port, cancel,
                    ("APP_PORT", $"{port}"), ("ORIGIN", origin.Address), ("CACHE_KIB", $"{ShardBytes / 1024}")));
                shards.Add($"{shard}: http://127.0.0.1:{port}");
            }

            var door = Tool.FreePort();
            tools.Add(await Tool.StartServiceAsync("Samples.ShardRouter", door, cancel,
                ("APP_PORT", $"{door}"), ("ORIGIN", origin.Address), ("SHARDS", string.Join("; ", shards)), ("HANDOVER_SECONDS", "0")));
            using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{door}") };
            return await MeasureAsync(trace, counted, tools, async key =>
            {
                using var answer = await http.GetAsync(key, cancel);
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync(cancel);
                return answer.Headers.GetValues("X-Cache").First() == "HIT";
            });
        }
        finally
        {
            foreach (var tool in Enumerable.Reverse(tools))
                await tool.DisposeAsync();
        }
    }

    private static async Task<Result> PeerAsync(string folder, string[] trace, int counted, CancellationToken cancel)
    {
        var (redis, nutcracker) = (Tool.Find("redis-server", "redis-server"), Tool.Find("nutcracker", "nutcracker"));
        var tools = new List<Tool>();
        try
        {
            var servers = new List<string>();
            for (var shard = 1; shard <= Shards; shard++)
            {
                var port = Tool.FreePort();
                string[] settings = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder,
                    "--maxmemory-policy", "allkeys-lru", "--maxmemory-samples", "10"];
                tools.Add(await Tool.StartAsync(redis, settings, port, cancel));
                await LimitAsync(port);
                servers.Add($"127.0.0.1:{port}:1 shard-{shard}");
            }

            var (door, file) = (Tool.FreePort(), Path.Combine(folder, "nutcracker.yml"));
            await File.WriteAllTextAsync(file, $"""
                pool:
                  listen: 127.0.0.1:{door}
                  hash: fnv1a_64
                  distribution: ketama
                  redis: true
                  servers:
                {string.Concat(servers.Select(s => $"   - {s}\n"))}
                """, cancel);
            string[] arguments = ["-c", file, "-s", $"{Tool.FreePort()}", "-a", "127.0.0.1", "-o", Path.Combine(folder, "nutcracker.log")];
            tools.Add(await Tool.StartAsync(nutcracker, arguments, door, cancel));
            await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{door},proxy=Twemproxy");
            var database = connection.GetDatabase();
            return await MeasureAsync(trace, counted, tools, async key =>
            {
                if ((await database.StringGetAsync(key)).HasValue)
                    return true;
                await database.StringSetAsync(key, StubOrigin.BodyOf(key));
                return false;
            });
        }
        finally
        {
            foreach (var tool in Enumerable.Reverse(tools))
                await tool.DisposeAsync();
        }
    }

    // What a server takes with nothing in it, and with its clients, is not memory for answers.
    private static async Task LimitAsync(int port)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},allowAdmin=true");
        var server = connection.GetServer("127.0.0.1", port);
        var used = (await server.InfoAsync("memory")).SelectMany(g => g).First(p => p.Key == "used_memory").Value;
        await server.ConfigSetAsync("maxmemory", long.Parse(used, System.Globalization.CultureInfo.InvariantCulture) + ShardBytes);
    }

    private static async Task<Result> MeasureAsync(string[] trace, int counted, List<Tool> tools, Func<string, Task<bool>> isHit)
    {
        await AskAsync(trace[..^counted]);
        var before = tools.Sum(t => t.ProcessorTime.TotalSeconds);
        var hits = await AskAsync(trace[^counted..]);
        return new Result((double)hits / counted, counted / (tools.Sum(t => t.ProcessorTime.TotalSeconds) - before));

        async Task<int> AskAsync(string[] keys)
        {
            var (next, found) = (-1, 0);
            await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
            {
                while (Interlocked.Increment(ref next) is var i && i < keys.Length)
                {
                    if (await isHit(keys[i]))
                        Interlocked.Increment(ref found);
                }
            }));
            return found;
        }
    }
}
