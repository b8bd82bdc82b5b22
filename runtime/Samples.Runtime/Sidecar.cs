using Microsoft.Extensions.Logging;
using Samples.Runtime.Api;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.Apps.Members;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.BuildingBlocks.Actors;
using Samples.Runtime.Components;
using Samples.Runtime.Resilience;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>
/// One application's sidecar: an HTTP and a gRPC port on loopback, its components, and the way to the application. Which building blocks
/// it has, <see cref="Blocks"/> says.
/// </summary>
public sealed class Sidecar : IAsyncDisposable
{
    private readonly DaprRuntime _runtime;
    private readonly DaprConfiguration _configuration;
    private readonly ResourceSet _resources;
    private readonly TraceExport? _traces;
    private readonly AppChannel _channel;
    private readonly SidecarComponents _components;
    private readonly ILogger _log;
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyList<IBlockApi> _blocks = [];
    private SidecarServer? _server;
    private RelayApi? _relay;
    private Presence? _presence;

    private Sidecar(DaprRuntime runtime, SidecarOptions options, DaprConfiguration configuration, ResourceSet resources)
    {
        _runtime = runtime;
        Options = options;
        _log = runtime.Options.Loggers.CreateLogger("sidecar." + options.AppId);
        (_configuration, _resources) = (configuration, resources);
        _traces = TraceExport.Create(options.AppId, _configuration.Tracing);
        _channel = new AppChannel(options.App) { Access = _configuration.AccessControl };
        var between = runtime.Options.Between;
        _components = new SidecarComponents(
            runtime.Components, (component, engine) => between?.Invoke(AppId, component, engine) ?? engine, _log);
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

    /// <summary>The application listens now: it need not wait for the next look.</summary>
    internal void LookForApp() => _channel.Nudge();

    internal static async Task<Sidecar> StartAsync(DaprRuntime runtime, SidecarOptions options, CancellationToken cancel)
    {
        var problems = new Problems();
        var configuration = problems.Try(() => ConfigurationReader.ReadFiles(
            [.. options.AllConfigurationFiles.Select(f => Path.GetFullPath(f, options.BaseDirectory))]));
        var resources = problems.Try(
            () => ResourceLoader.Load(options.ResourcePaths, options.AppId, EngineCatalog.All.Values, options.Variables));
        problems.ThrowIfAny();
        var sidecar = new Sidecar(runtime, options, configuration!, resources!);
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

        var context = await PrepareAsync(cancel);
        var invocation = new InvocationApi(new Invocation(context, _runtime.Names), _runtime.Options.SlowClients.Standstill);
        _blocks = Blocks.Create(context, invocation);
        var own = new SidecarApi(context, Options.App, _blocks, () => _shutdown.TrySetResult());
        var key = Guid.NewGuid().ToString("N");
        _relay = _runtime.Neighbours is null
            ? null
            : new RelayApi(context, _channel, key, _runtime.Options.SlowClients.Standstill);
        _server = await SidecarServer.StartAsync(
            Options, _runtime.Options, new SidecarApis(own, invocation, _relay, _blocks), context.Metrics, _traces, cancel);
        _runtime.Names.Add(AppId, _channel);
        if (_runtime.Neighbours is { } neighbours)
            await ShowAsync(neighbours, context.Replica, key);
        _channel.Watch(AppReadyAsync, AppLostAsync);
    }

    private Task ShowAsync(Neighbours neighbours, string replica, string key)
    {
        _presence = neighbours.Present(new Member(Guid.NewGuid().ToString("N"), "", AppId, _server!.InternalPort, key)
        {
            Replica = replica,
            Protocol = Options.AppPort is null ? null : Options.AppProtocol,
            Access = _configuration.AccessControl,
        }, _log);
        _runtime.Actors.Placement.OwnChanged += ShowActors;
        return _presence.TellAsync(member => member);
    }

    private void ShowActors(ActorHost host, bool joined)
    {
        IReadOnlyList<string> types = joined ? [.. host.Types.Keys.Order(StringComparer.Ordinal)] : [];
        if (host.Name == _presence?.Replica)
            _ = _presence.TellAsync(member => member with { ActorTypes = types });
    }

    private Task ShowAppAsync() => _presence?.TellAsync(
        member => member with { IsAvailable = _channel.IsAvailable, IsUnhealthy = _channel.IsUnhealthy }) ?? Task.CompletedTask;

    /// <summary>What the building blocks work with: resources read, components started.</summary>
    private async Task<SidecarContext> PrepareAsync(CancellationToken cancel)
    {
        foreach (var warning in _configuration.Warnings.Concat(_resources.Warnings))
            Warn(warning);
        await _components.StartAsync(_resources.Components, Options.BaseDirectory, cancel);
        var endpoints = _resources.HttpEndpoints.Select(e => e.ResolveAsync(_components.Find<ISecretStore>, Warn, cancel));
        return new SidecarContext(AppId, "default", _components, _channel, _runtime.Options.Time, _runtime.Options.Loggers)
        {
            Resources = _resources with { Configuration = _configuration, HttpEndpoints = await Task.WhenAll(endpoints) },
            Policies = new Policies(_resources.Resiliencies, _runtime.Options.Time),
            Replica = $"{AppId}@{Options.AppPort}",
            Actors = _runtime.Actors,
            Outboxes = _runtime.Outboxes,
            Delivered = _runtime.Options.Delivered,
            Jobs = await _runtime.Schedulers.OpenAsync(Options.DataDirectory, cancel),
        };
    }

    private void Warn(string what) => _log.LogWarning("{Warning}", what);

    private async Task AppReadyAsync(CancellationToken cancel)
    {
        await ShowAppAsync();
        foreach (var block in _blocks)
            await block.AppReadyAsync(cancel);
        if (_presence is not null)
            await _presence.Told;
        _log.LogDebug("the application answers on port {Port}", Options.AppPort);
    }

    private async Task AppLostAsync(CancellationToken cancel)
    {
        await ShowAppAsync();
        _log.LogWarning("the application does not answer any more on port {Port}", Options.AppPort);
        foreach (var block in _blocks)
            await block.AppLostAsync(cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _runtime.Names.Remove(AppId, _channel);
        // Nothing new comes from other processes; what is under way may end, and actors move when their turns have.
        if (_presence is not null)
            await _presence.DisposeAsync();
        _runtime.Actors.Placement.OwnChanged -= ShowActors;
        // The application may be ending at this moment, too: the blocks are told once.
        await _channel.UnwatchAsync();
        foreach (var block in _blocks)
            await block.AppLostAsync(CancellationToken.None);
        if (_server is not null)
            await _server.DisposeAsync();
        _relay?.Dispose();
        await _channel.DisposeAsync();
        _traces?.Dispose();
        foreach (var block in _blocks)
            await block.DisposeAsync();
        await _components.DisposeAsync();
    }
}
