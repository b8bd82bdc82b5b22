using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Defaults;

namespace Samples.FunctionHost;

/// <summary>A program of one or a few functions: made, given its functions with what calls them, and run.</summary>
public sealed class FunctionProgram
{
    private readonly List<(Type Handler, Triggers Triggers)> _functions = [];

    private FunctionProgram(WebApplicationBuilder builder) => Builder = builder;

    /// <summary>For what functions need to be made.</summary>
    public WebApplicationBuilder Builder { get; }

    /// <summary>A program that listens where its platform says: <c>APP_PORT</c> of Dapr, <c>PORT</c> of Knative.</summary>
    public static FunctionProgram Create(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddDefaults();
        if (builder.Configuration["APP_PORT"] is null or "" && builder.Configuration["PORT"] is { Length: > 0 } port)
            builder.WebHost.UseUrls($"http://*:{port}");
        // What the watchdog of OpenFaaS calls by another name: how long a stopping container is shown as unhealthy before it closes.
        if (builder.Configuration["HEALTHCHECK_INTERVAL"] is { Length: > 0 } && builder.Configuration["DRAIN_NOTICE_MS"] is null)
        {
            var notice = GoDuration.Read(builder.Configuration, "HEALTHCHECK_INTERVAL", TimeSpan.Zero);
            builder.Configuration["DRAIN_NOTICE_MS"] = $"{Math.Min(notice.TotalMilliseconds, 8000):0}";
        }

        builder.Services.AddSingleton(FunctionOptions.From(builder.Configuration));
        builder.Services.AddSingleton<Counts>();
        builder.Services.AddSingleton<Switches>();
        builder.Services.AddSingleton<ColdStart>();
        return new FunctionProgram(builder);
    }

    /// <summary>Adds a function.</summary>
    public FunctionProgram Add<TFunction>(Action<Triggers> on)
        where TFunction : class, IFunction
    {
        var triggers = new Triggers();
        on(triggers);
        Builder.Services.AddSingleton<TFunction>();
        _functions.Add((typeof(TFunction), triggers));
        return this;
    }

    /// <summary>Runs until SIGTERM: not ready first, what has begun is finished, then the end with 0.</summary>
    public void Run()
    {
        var app = Builder.Build();
        app.MapPlatformHealth();
        app.MapDefaults();
        app.MapSubscribeHandler();
        List<HostedFunction> functions = [.. _functions.Select(f => Host(app.Services, f.Handler, f.Triggers))];
        functions.ForEach(f => f.Map(app));
        app.MapPlatformRoot(functions);
        app.MapFunctionState(functions);
        app.Lifetime.ApplicationStarted.Register(app.Services.GetRequiredService<ColdStart>().Listens);
        app.Run();
    }

    private static HostedFunction Host(IServiceProvider services, Type handler, Triggers triggers)
    {
        var name = Names.Kebab(handler.Name);
        var options = services.GetRequiredService<FunctionOptions>();
        var counts = services.GetRequiredService<Counts>();
        var dapr = services.GetRequiredService<DaprClient>();
        var calls = new Calls(
            (IFunction)services.GetRequiredService(handler), options, counts, services.GetRequiredService<ColdStart>());
        var events = new EventHandling(
            calls, new EventBook(dapr, options, name), dapr, options, counts, services.GetRequiredService<Switches>(), name,
            services.GetRequiredService<ILogger<EventHandling>>());
        return new HostedFunction(name, triggers, calls, events, options);
    }
}
