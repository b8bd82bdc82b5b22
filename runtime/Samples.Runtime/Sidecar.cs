using Microsoft.Extensions.Logging;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>One application's sidecar: an HTTP and a gRPC port on loopback, its components, and the way to the application.</summary>
public sealed class Sidecar : IAsyncDisposable
{
    private readonly DaprRuntime _runtime;
    private readonly DaprConfiguration _configuration;
    private readonly TraceExport? _traces;
    private readonly AppChannel _channel;
    private readonly List<Func<ValueTask>> _releases = [];
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<ISidecarFeature> _features = [];
    private SidecarServer? _server;

    private Sidecar(DaprRuntime runtime, SidecarOptions options)
    {
        _runtime = runtime;
        Options = options;
        _configuration = options.ConfigurationFile is { } file ? ConfigurationReader.ReadFile(Path.GetFullPath(file, options.BaseDirectory)) : DaprConfiguration.Empty;
        _traces = TraceExport.Create(options.AppId, _configuration.Tracing);
        _channel = new AppChannel(options) { Access = _configuration.AccessControl };
    }

    /// <summary>The application's id.</summary>
    public string AppId => Options.AppId;

    /// <summary>What it was started with.</summary>
    public SidecarOptions Options { get; }

    /// <summary>Where the HTTP API listens.</summary>
    public int HttpPort => _server?.HttpPort ?? 0;

    /// <summary>Where the gRPC API listens (h2c).</summary>
    public int GrpcPort => _server?.GrpcPort ?? 0;

    /// <summary>True while the application answers.</summary>
    public bool AppReady => _channel.IsAvailable;

    /// <summary>Completes when somebody called the shutdown endpoint.</summary>
    public Task ShutdownRequested => _shutdown.Task;

    /// <summary>Completes when the application listens and its subscriptions are in place.</summary>
    public Task WaitForAppAsync(CancellationToken cancel) => _channel.Ready.WaitAsync(cancel);

    internal static async Task<Sidecar> StartAsync(DaprRuntime runtime, SidecarOptions options, CancellationToken cancel)
    {
        var sidecar = new Sidecar(runtime, options);
        try
        {
            await sidecar.StartAsync(cancel);
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        if (Options.AppProtocol is not ("http" or "grpc"))
        {
            throw new ResourceException(Origin.Code, $"app '{AppId}' asks for the protocol '{Options.AppProtocol}'.",
                "The embedded runtime speaks 'http' and 'grpc' to applications; run this one with daprd.");
        }

        var resources = ResourceLoader.Load(Options.ResourcePaths, AppId, Options.Variables) with { Configuration = _configuration };
        foreach (var warning in resources.Warnings)
            _runtime.Options.Loggers.CreateLogger("sidecar." + AppId).LogWarning("{Warning}", warning);
        var components = await StartComponentsAsync(resources, cancel);
        resources = resources with { HttpEndpoints = await Task.WhenAll(resources.HttpEndpoints.Select(e => e.ResolveAsync(components.Find<ISecretStore>, cancel))) };
        var context = new SidecarContext(AppId, "default", components, _channel, _runtime.Options.Time, _runtime.Options.Loggers)
        {
            Resources = resources,
            Policies = new Policies(resources.Resiliencies, _runtime.Options.Time),
            Replica = $"{AppId}@{Options.AppPort}",
            Actors = _runtime.Actors,
            Outboxes = _runtime.Outboxes,
            Jobs = await _runtime.Schedulers.OpenAsync(Options.DataDirectory, cancel),
        };
        var invocation = new InvocationFeature(new Invocation(context, _runtime.Names), _runtime.Options.SlowClients.Standstill);
        _features = [.. SidecarFeatures.Create(context), invocation];
        var endpoints = new SidecarEndpoints(this, components, _features, () => _shutdown.TrySetResult());
        _server = await SidecarServer.StartAsync(Options, _runtime.Options, endpoints, _features, invocation, context.Metrics, _traces, cancel);
        _runtime.Names.Add(AppId, _channel);
        var log = _runtime.Options.Loggers.CreateLogger("sidecar." + AppId);
        _channel.Watch(
            async stop =>
            {
                foreach (var feature in _features)
                    await feature.AppReadyAsync(stop);
                log.LogDebug("the application answers on port {Port}", Options.AppPort);
            },
            async stop =>
            {
                log.LogWarning("the application does not answer any more on port {Port}", Options.AppPort);
                foreach (var feature in _features)
                    await feature.AppLostAsync(stop);
            });
    }

    private async Task<ComponentLookup> StartComponentsAsync(ResourceSet resources, CancellationToken cancel)
    {
        var started = new Dictionary<string, (Component Component, IEngine Engine)>(StringComparer.Ordinal);
        // Secret stores come first, because the settings of others may be secrets.
        foreach (var component in resources.Components.OrderBy(c => !EngineCatalog.IsSecretStore(c.Type)).ThenBy(c => c.SecretReferences.Count > 0))
        {
            try
            {
                var resolved = await SecretReference.ResolveAsync(component, name => started.GetValueOrDefault(name).Engine as ISecretStore, cancel);
                var (engine, release) = await _runtime.Components.AcquireAsync(resolved, Options.BaseDirectory, cancel);
                started.Add(component.Name, (resolved, engine));
                _releases.Add(release);
            }
            catch (ResourceException error) when (component.IgnoreErrors)
            {
                _runtime.Options.Loggers.CreateLogger("sidecar." + AppId)
                    .LogWarning("component left out because of ignoreErrors: {Problem}", error.Message);
            }
        }

        return new ComponentLookup([.. resources.Components.Where(c => started.ContainsKey(c.Name)).Select(c => started[c.Name])]);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _runtime.Names.Remove(AppId, _channel);
        foreach (var feature in _features)
            await feature.AppLostAsync(CancellationToken.None);
        if (_server is not null)
            await _server.DisposeAsync();
        await _channel.DisposeAsync();
        _traces?.Dispose();
        foreach (var feature in _features)
            await feature.DisposeAsync();
        foreach (var release in _releases)
            await release();
        _releases.Clear();
    }

    private sealed class ComponentLookup(IReadOnlyList<(Component, IEngine)> all) : IComponentLookup
    {
        private readonly Dictionary<string, IEngine> _byName = all.ToDictionary(c => c.Item1.Name, c => c.Item2, StringComparer.Ordinal);

        public IReadOnlyList<(Component Component, IEngine Engine)> All => all;

        public T? Find<T>(string name) where T : class, IEngine => _byName.GetValueOrDefault(name) as T;
    }
}
