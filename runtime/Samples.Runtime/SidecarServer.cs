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
using Samples.Runtime.Api;
using Samples.Runtime.Api.Grpc;
using Samples.Runtime.Api.Http;
using Samples.Runtime.Apps;
using Samples.Runtime.Metrics;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>What a sidecar's servers serve.</summary>
/// <param name="Own">Health, metadata, shutdown.</param>
/// <param name="Invocation">Service invocation, which goes before routing.</param>
/// <param name="Relay">What comes from the sidecars of other processes; null where there are none.</param>
/// <param name="Blocks">All building blocks.</param>
internal sealed record SidecarApis(SidecarApi Own, InvocationApi Invocation, RelayApi? Relay, IReadOnlyList<IBlockApi> Blocks);

/// <summary>The servers of one sidecar: HTTP and gRPC on loopback, and what a request passes before it reaches a building block.</summary>
internal sealed class SidecarServer : IAsyncDisposable
{
    // What is under way may end in order, but cannot hold up the sidecar's end for ever.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly WebApplication _host;

    private SidecarServer(WebApplication host)
    {
        _host = host;
        var ports = host.Urls.Select(u => new Uri(u).Port).ToArray();
        (HttpPort, GrpcPort) = (ports[0], ports[1]);
        InternalPort = ports.ElementAtOrDefault(2);
    }

    /// <summary>Where the HTTP API listens.</summary>
    public int HttpPort { get; }

    /// <summary>Where the gRPC API listens (h2c).</summary>
    public int GrpcPort { get; }

    /// <summary>Where it takes what comes from the sidecars of other processes (h2c); 0 where there are none.</summary>
    public int InternalPort { get; }

    /// <summary>Listens. Throws <see cref="ResourceException"/> for a port that is in use.</summary>
    public static async Task<SidecarServer> StartAsync(
        SidecarOptions options,
        RuntimeOptions runtime,
        SidecarApis apis,
        SidecarMetrics metrics,
        TraceExport? traces,
        CancellationToken cancel)
    {
        var host = Build(options, runtime, apis);
        SidecarServer? server = null;
        var log = runtime.Loggers.CreateLogger("sidecar." + options.AppId);
        // Ports of their own come before what callers of the API pass.
        apis.Relay?.Use(host, () => server?.InternalPort ?? 0);
        if (options.MetricsPort is { } port)
            host.Use((http, next) => http.Connection.LocalPort == port ? metrics.WriteAsync(http) : next(http));
        host.Use(metrics.CountAsync);
        host.UseMiddleware<ErrorMiddleware>(options.MaxBodySize);
        if (options.ApiLogging)
            host.Use((http, next) => LogCall(log, http, next));
        if (options.ApiToken is { Length: > 0 } token)
            host.Use((http, next) => Authorize(http, next, Encoding.UTF8.GetBytes(token)));
        if (traces is not null)
            host.Use((http, next) => TraceAsync(traces, http, next));
        apis.Invocation.Use(host);
        host.Use(EscapedSlashes.HideAsync);
        host.Use(CleanPath);
        host.UseRouting();
        host.Use(EscapedSlashes.ShowAsync);
        apis.Own.Map(host);
        metrics.Map(host);
        foreach (var block in apis.Blocks)
            block.MapHttp(host);
        host.MapGrpcService<DaprService>();
        host.UseEndpoints(_ => { });
        try
        {
            await host.StartAsync(cancel);
            return server = new SidecarServer(host);
        }
        catch (IOException error)
        {
            await host.DisposeAsync();
            throw new ResourceException(
                Origin.Code,
                $"the sidecar of '{options.AppId}' cannot listen on ports {string.Join(", ", options.Ports)}: {error.Message}",
                "Stop what uses the port (`samples stop`), or run with --free-ports.");
        }
    }

    private static WebApplication Build(SidecarOptions options, RuntimeOptions runtime, SidecarApis apis)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "sidecar" });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILoggerFactory>(new ServerLoggers(runtime.Loggers));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Requests are read as UTF-8 already.
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodySize;
            runtime.SlowClients.Limit(kestrel.Limits);
            kestrel.Listen(IPAddress.Loopback, options.HttpPort, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, options.GrpcPort, listen => listen.Protocols = HttpProtocols.Http2);
            if (apis.Relay is not null)
                kestrel.Listen(IPAddress.Loopback, options.InternalPort, listen => listen.Protocols = HttpProtocols.Http2);
            if (options.MetricsPort is { } metrics)
                kestrel.Listen(IPAddress.Loopback, metrics, listen => listen.Protocols = HttpProtocols.Http1);
        });
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = (int)Math.Min(options.MaxBodySize, int.MaxValue));
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<IServiceMethodProvider<DaprService>>(new BlockMethods(apis.Own, apis.Blocks));
        return builder.Build();
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

        using var span = traces.Begin(
            $"{http.Request.Method} {http.Request.Path}", http.Request.Headers[TraceContext.Parent].ToString(),
            http.Request.Headers["tracestate"]);
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
        using var limit = new CancellationTokenSource(Grace);
        await _host.StopAsync(limit.Token);
        await _host.DisposeAsync();
    }

    private sealed class BlockMethods(SidecarApi own, IReadOnlyList<IBlockApi> blocks) : IServiceMethodProvider<DaprService>
    {
        public void OnServiceMethodDiscovery(ServiceMethodProviderContext<DaprService> context)
        {
            var methods = new GrpcMethods(context);
            own.Bind(methods);
            foreach (var block in blocks)
                block.BindGrpc(methods);
        }
    }
}
