using Microsoft.Extensions.Logging.Abstractions;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;

namespace Samples.Unit;

/// <summary>Opens brokers in a folder of its own, and closes them.</summary>
internal sealed class BrokerBench : IAsyncDisposable
{
    private readonly List<IBroker> _open = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("samples-broker-").FullName;

    public string File => Path.Combine(Folder, "broker.db");

    public async Task<IBroker> OpenAsync(string type, TimeProvider? time = null, params (string Name, string Value)[] settings)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["connectionString"] = "broker.db" };
        foreach (var (name, value) in settings)
            metadata[name] = value;
        var component = new Component("pubsub", type, "v1", metadata, Origin.Code);
        var broker = (IBroker)EngineCatalog.All[type].Create(
            component, new EngineContext(Folder, time ?? TimeProvider.System, NullLoggerFactory.Instance));
        _open.Add(broker);
        await broker.InitAsync(CancellationToken.None);
        return broker;
    }

    public async Task CloseAsync(IBroker broker)
    {
        _open.Remove(broker);
        await broker.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var broker in _open)
            await broker.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
