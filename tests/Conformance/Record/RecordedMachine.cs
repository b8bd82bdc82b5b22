using Microsoft.Data.Sqlite;
using Samples.Conformance.Redis;
using Samples.Runtime;
using Samples.Runtime.Components;
using StackExchange.Redis;

namespace Samples.Conformance.Record;

/// <summary>What stood around the recorded daprd: the stub application, the components and three sidecars.</summary>
internal sealed class RecordedMachine(StubApp stub, bool http, CancellationToken cancel) : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly Dictionary<string, ITestedSidecar> _sidecars = new(StringComparer.Ordinal);
    private RedisServer? _redis;

    public StubApp Stub => stub;

    /// <summary>
    /// The sidecar of <c>app1</c> (with the stub behind it), <c>caller</c>, or <c>app2</c> (with the API token <c>tok</c>).
    /// </summary>
    public ITestedSidecar this[string appId] => _sidecars[appId];

    public async Task StartAsync()
    {
        if (RedisServer.IsInstalled)
            _redis = await RedisServer.StartAsync(cancel);
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "files"));
        await File.WriteAllTextAsync(Path.Combine(_machine.Folder, "secrets.json"),
            http
                ? """{"plain": "s3cr3t", "nested": {"user": "u", "password": "p"}}"""
                : """{"plain": "s3cr3t", "nested": {"user": "u"}}""",
            cancel);
        var port = await _machine.StartAppAsync(stub.Map);
        _sidecars["app1"] = await AddAsync(new SidecarOptions("app1") { AppPort = port });
        _sidecars["caller"] = await AddAsync(new SidecarOptions("caller"));
        _sidecars["app2"] = await AddAsync(new SidecarOptions("app2") { ApiToken = "tok" });
    }

    /// <summary>Changes configuration as an operator would, once somebody watches it.</summary>
    public Task ChangeAsync(string key, string value, string version) => ConfigureAsync(watched: true, (key, value, version));

    /// <summary>Writes configuration as an operator would.</summary>
    public Task ConfigureAsync(params (string Key, string Value, string Version)[] items) => ConfigureAsync(watched: false, items);

    private async Task ConfigureAsync(bool watched, params (string Key, string Value, string Version)[] items)
    {
        if (_redis is not null)
        {
            await using var redis = await _redis.ConnectAsync();
            async Task<bool> IsWatchedAsync() =>
                (await redis.GetDatabase().ExecuteAsync("PUBSUB", "CHANNELS", $"__keyspace@1__:{items[0].Key}")).Length > 0;
            // Daprd answers a subscription before it watches.
            while (watched && !await IsWatchedAsync())
                await Task.Delay(20, cancel);
            foreach (var (key, value, version) in items)
                await redis.GetDatabase(1).StringSetAsync(key, version.Length > 0 ? $"{value}||{version}" : value);
            return;
        }

        using var connection = new SqliteConnection($"Data Source={Path.Combine(_machine.Folder, "configuration.db")};Pooling=False");
        connection.Open();
        foreach (var (key, value, version) in items)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT OR REPLACE INTO configuration (key, value, version) VALUES ($key, $value, $version)";
            command.Parameters.AddWithValue("$key", key);
            command.Parameters.AddWithValue("$value", value);
            command.Parameters.AddWithValue("$version", version);
            command.ExecuteNonQuery();
        }
    }

    private async Task<ITestedSidecar> AddAsync(SidecarOptions options)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Record");
        // The recording over gRPC had neither the cron binding nor the declarative subscription.
        List<string> files = ["components.yaml", _redis is null ? "sqlite.yaml" : "redis.yaml", .. http ? (string[])["tick.yaml"] : []];
        if (EngineCatalog.All.ContainsKey("pubsub.in-memory"))
            files.AddRange(http ? ["pubsub.yaml", "declared.yaml"] : ["pubsub.yaml"]);
        var sidecar = await _machine.Dapr.AddAsync(options with
        {
            ResourcePaths = [.. files.Select(f => Path.Combine(folder, f))],
            BaseDirectory = _machine.Folder,
            Variables = new Dictionary<string, string> { ["dataDir"] = _machine.Folder, ["redisHost"] = _redis?.Host ?? "" },
        }, cancel);
        await sidecar.WaitForAppAsync(cancel);
        return sidecar;
    }

    public async ValueTask DisposeAsync()
    {
        await _machine.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }
}
