using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Samples.Runtime.Api.Grpc;
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
    private WebApplication? _host;

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
    public int HttpPort { get; private set; }

    /// <summary>Where the gRPC API listens (h2c).</summary>
    public int GrpcPort { get; private set; }

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
        var invocation = new InvocationFeature(new Invocation(context, _runtime.Names));
        _features = [.. SidecarFeatures.Create(context), invocation];
        await ListenAsync(components, invocation, cancel);
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

    private async Task ListenAsync(ComponentLookup components, InvocationFeature invocation, CancellationToken cancel)
    {
        var endpoints = new SidecarEndpoints(this, components, _features, () => _shutdown.TrySetResult());
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "sidecar" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(_runtime.Options.Loggers));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = Options.MaxBodySize;
            kestrel.Listen(IPAddress.Loopback, Options.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, Options.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = (int)Math.Min(Options.MaxBodySize, int.MaxValue));
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<IServiceMethodProvider<DaprService>>(new FeatureMethods(endpoints, _features));
        _host = builder.Build();
        _host.UseMiddleware<ErrorMiddleware>(Options.MaxBodySize);
        if (Options.ApiLogging)
            _host.Use((http, next) => LogCall(_runtime.Options.Loggers.CreateLogger("sidecar." + AppId), http, next));
        if (Options.ApiToken is { Length: > 0 } token)
            _host.Use((http, next) => Authorize(http, next, Encoding.UTF8.GetBytes(token)));
        if (_traces is not null)
            _host.Use((http, next) => TraceAsync(_traces, http, next));
        invocation.Use(_host);
        _host.Use(CleanPath);
        _host.UseRouting();
        endpoints.Map(_host);
        foreach (var feature in _features)
            feature.MapHttp(_host);
        _host.MapGrpcService<DaprService>();
        _host.UseEndpoints(_ => { });
        try
        {
            await _host.StartAsync(cancel);
        }
        catch (IOException error)
        {
            throw new ResourceException(Origin.Code, $"the sidecar of '{AppId}' cannot listen on ports {Options.HttpPort} and {Options.GrpcPort}: {error.Message}",
                "Stop what uses the port (`samples stop`), or run with --free-ports.");
        }

        var ports = _host.Urls.Select(u => new Uri(u).Port).ToArray();
        (HttpPort, GrpcPort) = (ports[0], ports[1]);
    }

    private static async Task LogCall(ILogger log, HttpContext http, RequestDelegate next)
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await next(http);
        // The path alone: a query may hold what belongs in no log.
        log.LogInformation("API called: {Method} {Path} -> {Code} in {Milliseconds:0.0} ms", http.Request.Method, http.Request.Path,
            http.Response.StatusCode, System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    // As daprd does: the SDK's actor client puts a slash between an address that ends with one and a path that begins with one.
    private static Task CleanPath(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
            http.Request.Path = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        return next(http);
    }

    private static async Task TraceAsync(TraceExport traces, HttpContext http, RequestDelegate next)
    {
        // The probes of an orchestrator would drown everything else.
        if (http.Request.Path.StartsWithSegments("/v1.0/healthz"))
        {
            await next(http);
            return;
        }

        using var span = traces.Begin($"{http.Request.Method} {http.Request.Path}", http.Request.Headers[TraceContext.Parent].ToString(), http.Request.Headers["tracestate"]);
        if (span?.Id is { } id)
            http.Request.Headers[TraceContext.Parent] = id;
        await next(http);
        span?.SetTag("http.response.status_code", http.Response.StatusCode);
        if (http.Response.StatusCode >= 500)
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error);
    }

    private static Task Authorize(HttpContext http, RequestDelegate next, byte[] token)
    {
        var given = Encoding.UTF8.GetBytes(http.Request.Headers["dapr-api-token"].ToString());
        if (CryptographicOperations.FixedTimeEquals(given, token) || http.Request.Path.StartsWithSegments("/v1.0/healthz"))
            return next(http);
        if (http.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            // A gRPC client reads the status from here; 16 is UNAUTHENTICATED.
            http.Response.ContentType = "application/grpc";
            http.Response.Headers["grpc-status"] = "16";
            http.Response.Headers["grpc-message"] = "Unauthorized";
            return Task.CompletedTask;
        }

        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync("invalid api token\n");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _runtime.Names.Remove(AppId, _channel);
        foreach (var feature in _features)
            await feature.AppLostAsync(CancellationToken.None);
        if (_host is not null)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await _host.StopAsync(limit.Token);
            await _host.DisposeAsync();
        }

        await _channel.DisposeAsync();
        _traces?.Dispose();
        foreach (var feature in _features)
            await feature.DisposeAsync();
        foreach (var release in _releases)
            await release();
        _releases.Clear();
    }

    private sealed class FeatureMethods(SidecarEndpoints endpoints, IReadOnlyList<ISidecarFeature> features) : IServiceMethodProvider<DaprService>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DaprService> context)
        {
            var methods = new GrpcMethods(context);
            endpoints.Bind(methods);
            foreach (var feature in features)
                feature.BindGrpc(methods);
        }
    }

    private sealed class ComponentLookup(IReadOnlyList<(Component, IEngine)> all) : IComponentLookup
    {
        private readonly Dictionary<string, IEngine> _byName = all.ToDictionary(c => c.Item1.Name, c => c.Item2, StringComparer.Ordinal);

        public IReadOnlyList<(Component Component, IEngine Engine)> All => all;

        public T? Find<T>(string name) where T : class, IEngine => _byName.GetValueOrDefault(name) as T;
    }
}
