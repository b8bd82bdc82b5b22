using System.Diagnostics;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Scalar.AspNetCore;

namespace Samples.Defaults;

/// <summary>What every service shares, in two calls.</summary>
public static class ServiceDefaults
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(9);

    /// <summary>
    /// Listens on loopback at <c>APP_PORT</c> (unless ASP.NET Core is told otherwise), and adds a Dapr client, problem details, OpenAPI,
    /// telemetry (exported when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set), readiness and draining.
    /// </summary>
    public static WebApplicationBuilder AddDefaults(this WebApplicationBuilder builder)
    {
        StartProblems.TellInWords();
        var configuration = builder.Configuration;
        var isToldWhere = configuration["ASPNETCORE_URLS"] is not null || configuration["ASPNETCORE_HTTP_PORTS"] is not null;
        if (configuration["APP_PORT"] is { Length: > 0 } port && !isToldWhere)
            builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        // Requests are read as UTF-8; answers in anything but ASCII would be refused.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ResponseHeaderEncodingSelector = _ => Encoding.UTF8);
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        foreach (var library in (string[])["Microsoft", "System.Net.Http", "Yarp"])
            builder.Logging.AddFilter(library, LogLevel.Warning);
        // What keeps the service from starting is told once, at the end of the process.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

        var services = builder.Services;
        services.AddDaprClient();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<Readiness>();
        services.AddProblemDetails();
        services.AddExceptionHandler<BadRequests>();
        services.AddOpenApi();
        var words = new JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase);
        services.ConfigureHttpJsonOptions(json => json.SerializerOptions.Converters.Add(words));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        // What the server and the background work have begun is finished side by side.
        services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = DrainLimit;
            host.ServicesStopConcurrently = true;
        });
        services.AddHostedService<Draining>();
        if (!OperatingSystem.IsLinux())
            services.AddHostedService<ParentWatch>();
        AddTelemetry(builder);
        return builder;
    }

    /// <summary>
    /// Maps <c>/healthz</c> (alive), <c>/readyz</c> (may take traffic), <c>/openapi/v1.json</c> and <c>/scalar</c>; every error becomes
    /// problem details, and
    /// <c>APP_API_TOKEN</c> is asked for where it is set.
    /// </summary>
    public static WebApplication MapDefaults(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseMiddleware<AppToken>(AppToken.IsFrontDoor(app.Configuration));
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.MapGet("/healthz", () => Results.Ok()).ExcludeFromDescription();
        app.MapGet("/readyz", () => readiness.WhyNot is { } reason
            ? Results.Problem(statusCode: StatusCodes.Status503ServiceUnavailable, title: "Not ready.", detail: reason)
            : Results.Ok()).ExcludeFromDescription();
        app.MapOpenApi();
        app.MapScalarApiReference();
        return app;
    }

    private static void AddTelemetry(WebApplicationBuilder builder)
    {
        if (string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]))
            return;
        var name = builder.Configuration["APP_ID"] ?? builder.Environment.ApplicationName;
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddAttributes([new("service.name", name), new("process.pid", Environment.ProcessId)]))
            .WithTracing(traces => traces.AddAspNetCoreInstrumentation(o => o.Filter = IsNoProbe).AddHttpClientInstrumentation())
            .WithMetrics(metrics => metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation())
            .WithLogging()
            .UseOtlpExporter();
    }

    private static bool IsNoProbe(HttpContext http) => !http.Request.Path.StartsWithSegments("/readyz");

    /// <summary>Where the kernel cannot tie a child to its parent, the child looks after it.</summary>
    private sealed class ParentWatch(IHostApplicationLifetime lifetime) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            if (!int.TryParse(Environment.GetEnvironmentVariable("SAMPLES_PARENT_PID"), out var pid))
                return;
            try
            {
                using var parent = Process.GetProcessById(pid);
                await parent.WaitForExitAsync(stoppingToken);
            }
            catch (ArgumentException)
            {
                // Gone already.
            }

            lifetime.StopApplication();
        }
    }
}
