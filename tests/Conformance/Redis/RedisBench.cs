using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>A Redis server, engines on it, and a look at what they leave there.</summary>
internal sealed class RedisBench : IAsyncDisposable
{
    private readonly List<IEngine> _engines = [];
    private ConnectionMultiplexer? _look;

    public RedisServer Server { get; private set; } = null!;

    /// <summary>What stands in Redis, past the engines.</summary>
    public IDatabase Redis => _look!.GetDatabase();

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RedisBench> StartAsync(CancellationToken cancel, bool durable = false)
    {
        var bench = new RedisBench { Server = await RedisServer.StartAsync(cancel, durable) };
        bench._look = await bench.Server.ConnectAsync();
        return bench;
    }

    public async Task<T> OpenAsync<T>(string type, params (string Name, string Value)[] settings) where T : class, IEngine
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["redisHost"] = Server.Host };
        foreach (var (name, value) in settings)
            metadata[name] = value;
        var engine = (T)EngineCatalog.All[type].Create(new Component("it", type, "v1", metadata, Origin.Code),
            new EngineContext(Path.GetTempPath(), TimeProvider.System, NullLoggerFactory.Instance));
        _engines.Add(engine);
        await engine.InitAsync(Cancel);
        return engine;
    }

    public async Task CloseAsync(IEngine engine)
    {
        _engines.Remove(engine);
        await engine.DisposeAsync();
    }

    public static BrokerMessage Message(string text, params (string Name, string Value)[] metadata) =>
        new("t", Encoding.UTF8.GetBytes(text), null, metadata.ToDictionary(m => m.Name, m => m.Value));

    public static string Text(BrokerMessage message) => Encoding.UTF8.GetString(message.Data.Span);

    /// <summary>Waits for what Redis will say some time; the test's own time limit is the end of it.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
            await Task.Delay(10, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
            await engine.DisposeAsync();
        if (_look is not null)
            await _look.DisposeAsync();
        await Server.DisposeAsync();
    }
}
