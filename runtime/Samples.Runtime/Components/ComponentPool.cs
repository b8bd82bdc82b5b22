using Microsoft.Extensions.Logging;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>
/// The engines of a run. Components that mean the same server or file share one engine, whichever sidecar loads them, as they would
/// share one server with Dapr. An engine goes with its last user.
/// </summary>
public sealed class ComponentPool(ILoggerFactory loggers, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Dictionary<string, Entry> _shared = new(StringComparer.Ordinal);

    /// <summary>Starts the engine of a component, or joins the one that runs. Throws <see cref="ResourceException"/>.</summary>
    public async Task<(IEngine Engine, Func<ValueTask> Release)> AcquireAsync(
        Component component, string baseDirectory, CancellationToken cancel)
    {
        var type = EngineCatalog.All[component.Type];
        var context = new EngineContext(baseDirectory, time, loggers);
        // Without a key, the definition itself is the identity: the same file loaded by several sidecars is one component.
        var key = component.Type + '\n' + (type.SharedAs?.Invoke(component, context) ?? $"{component.Origin}\n{component.Name}");
        await _gate.WaitAsync(cancel);
        try
        {
            if (!_shared.TryGetValue(key, out var entry))
            {
                entry = new Entry(await StartAsync(type, component, context, cancel));
                _shared.Add(key, entry);
            }

            entry.Users++;
            return (entry.Engine, () => ReleaseAsync(key));
        }
        finally
        {
            _gate.Release();
        }
    }

    private static async Task<IEngine> StartAsync(EngineType type, Component component, EngineContext context, CancellationToken cancel)
    {
        var engine = type.Create(component, context);
        try
        {
            await engine.InitAsync(cancel);
            return engine;
        }
        catch (Exception error) when (error is not (OperationCanceledException or ResourceException))
        {
            await engine.DisposeAsync();
            throw new ResourceException(
                component.Origin, $"component '{component.Name}' ({component.Type}) cannot start: {error.Message}.",
                "Correct its metadata, or start what it connects to.");
        }
    }

    private async ValueTask ReleaseAsync(string key)
    {
        await _gate.WaitAsync();
        try
        {
            if (_shared.TryGetValue(key, out var entry) && --entry.Users == 0)
            {
                _shared.Remove(key);
                await entry.Engine.DisposeAsync();
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var entry in _shared.Values)
            await entry.Engine.DisposeAsync();
        _shared.Clear();
        _gate.Dispose();
    }

    private sealed class Entry(IEngine engine)
    {
        public IEngine Engine { get; } = engine;

        public int Users { get; set; }
    }
}
