using System.Net.Http.Json;
using System.Text.Json;
using Samples.Conformance.Daprd;
using Samples.RedisShard;
using Samples.Runtime;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>Dapr's state API on the ambassador pattern's component: three servers that look like one Redis.</summary>
public sealed class ShardedStateTests : IAsyncLifetime
{
    private const string Store = "/v1.0/state/sharded-statestore", AppId = "shop";
    private const int Keys = 60;

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-sharded-").FullName;
    private readonly GarnetShard[] _shards = [.. Enumerable.Range(0, 3).Select(_ => GarnetShard.Start(0))];
    private ITestedDapr? _dapr;
    private Server? _ambassador;

    private static CancellationToken Cancel => Machine.Cancel;

    [Theory]
    [InlineData("embedded")]
    [InlineData("daprd")]
    public async Task State_is_spread_over_the_shards_and_keeps_its_promises(string runtime)
    {
        using var http = await StartAsync(runtime, await StartAmbassadorAsync());
        string[] keys = [.. Enumerable.Range(0, Keys).Select(i => $"{Guid.NewGuid():n}-{i}-cart")];
        Assert.Equal(204, await SaveAsync(http, [.. keys.Select(k => new { key = k, value = k })]));
        var found = await PlacesAsync(keys);
        Assert.All(keys, key => Assert.Single(found, place => place.Key == key));
        Assert.Equal(_shards.Length, found.DistinctBy(place => place.Shard).Count());

        using var got = await http.GetAsync($"{Store}/{keys[0]}", Cancel);
        Assert.Equal(keys[0], await got.Content.ReadFromJsonAsync<string>(Cancel));
        var etag = got.Headers.ETag?.Tag.Trim('"') ?? got.Headers.GetValues("ETag").Single();
        Assert.Equal(
            204, await SaveAsync(http, [new { key = keys[0], value = "newer", etag, options = new { concurrency = "first-write" } }]));
        Assert.Equal(
            409, await SaveAsync(http, [new { key = keys[0], value = "late", etag, options = new { concurrency = "first-write" } }]));
        Assert.Equal("\"newer\"", await http.GetStringAsync($"{Store}/{keys[0]}", Cancel));

        using (var many = await http.PostAsJsonAsync($"{Store}/bulk", new { keys }, Cancel))
        {
            var items = await many.Content.ReadFromJsonAsync<JsonElement>(Cancel);
            Assert.Equal(
                keys.Order(),
                items.EnumerateArray().Where(i => i.TryGetProperty("data", out _)).Select(i => i.GetProperty("key").GetString()).Order());
        }

        using (var deleted = await http.DeleteAsync($"{Store}/{keys[1]}", Cancel))
            Assert.Equal(204, (int)deleted.StatusCode);
        Assert.Equal("", await http.GetStringAsync($"{Store}/{keys[1]}", Cancel));
        Assert.Equal(204, await SaveAsync(http, [new { key = keys[2], value = 1, metadata = new { ttlInSeconds = "600" } }]));
        Assert.InRange((await TtlAsync(keys[2]))!.Value.TotalSeconds, 1, 600);
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("daprd")]
    public async Task A_transaction_over_shards_is_refused_and_nothing_of_it_happens(string runtime)
    {
        using var http = await StartAsync(runtime, await StartAmbassadorAsync());
        string[] keys = [.. Enumerable.Range(0, Keys).Select(_ => $"{Guid.NewGuid():n}")];
        var operations = keys.Select(key => new { operation = "upsert", request = new { key, value = 1 } });
        using var answer = await http.PostAsJsonAsync($"{Store}/transaction", new { operations }, Cancel);
        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Contains("ERR_STATE_TRANSACTION", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Empty(await PlacesAsync(keys));
        Assert.Equal(204, await SaveAsync(http, [new { key = keys[0], value = 1 }]));
    }

    [Theory]
    [InlineData("embedded")]
    [InlineData("daprd")]
    public async Task A_sidecar_starts_without_the_ambassador_and_says_what_is_missing(string runtime)
    {
        using var http = await StartAsync(runtime, ActorMachine.FreePort());
        using var answer = await http.GetAsync($"{Store}/k", Cancel);
        Assert.InRange((int)answer.StatusCode, 400, 500);
        Assert.Contains("ERR_STATE_STORE_NOT", await answer.Content.ReadAsStringAsync(Cancel));
    }

    // The pattern's own file, but for the port.
    private async Task<HttpClient> StartAsync(string runtime, int port)
    {
        Assert.SkipUnless(runtime == "embedded" || Executables.AreGiven, "DAPRD names no daprd.");
        var file = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Redis", "sharded-statestore.yaml"), Cancel);
        Assert.Contains("localhost:6500", file);
        var resources = Directory.CreateDirectory(Path.Combine(_folder, "resources")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(resources, "sharded-statestore.yaml"),
            file.Replace("localhost:6500", $"127.0.0.1:{port}", StringComparison.Ordinal), Cancel);
        _dapr = runtime == "embedded" ? new EmbeddedDapr(new RuntimeOptions()) : new DaprdHost(_folder);
        return Machine.Http(
            await _dapr.AddAsync(new SidecarOptions(AppId) { ResourcePaths = [resources], BaseDirectory = _folder }, Cancel));
    }

    private async Task<int> StartAmbassadorAsync()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var assembly = Path.Combine(own.Parent!.Parent!.FullName, "Samples.ShardAmbassador", own.Name, "Samples.ShardAmbassador.dll");
        var shards = string.Join(',', _shards.Select((s, i) => $"127.0.0.1:{s.Port}:1 shard-{i + 1}"));
        var (ambassador, port) = await FreePorts.TryAsync(2, async ports =>
        {
            var server = new Server(
                "dotnet", _folder, [assembly], ("APP_PORT", $"{ports[1]}"), ("RESP_PORT", $"{ports[0]}"), ("SHARDS", shards));
            await server.WaitForAsync($"http://127.0.0.1:{ports[1]}/readyz", Cancel);
            return server;
        });
        _ambassador = ambassador;
        return port;
    }

    private static async Task<int> SaveAsync(HttpClient http, object[] items)
    {
        using var answer = await http.PostAsJsonAsync(Store, items, Cancel);
        return (int)answer.StatusCode;
    }

    // Which of these keys lie on which shard, asked there.
    private async Task<List<(string Key, int Shard)>> PlacesAsync(string[] keys)
    {
        var places = new List<(string, int)>();
        foreach (var (i, shard) in _shards.Index())
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{shard.Port}");
            foreach (var key in keys)
            {
                if (await redis.GetDatabase().KeyExistsAsync($"{AppId}||{key}"))
                    places.Add((key, i));
            }
        }

        return places;
    }

    private async Task<TimeSpan?> TtlAsync(string key)
    {
        var shard = (await PlacesAsync([key])).Single().Shard;
        await using var redis = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{_shards[shard].Port}");
        return await redis.GetDatabase().KeyTimeToLiveAsync($"{AppId}||{key}");
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_dapr is not null)
            await _dapr.DisposeAsync();
        if (_ambassador is not null)
            await _ambassador.DisposeAsync();
        foreach (var shard in _shards)
            shard.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
