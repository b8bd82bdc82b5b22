using Samples.Cache.Storage;

namespace Samples.Cache;

/// <summary>The parts of the cache, put together.</summary>
public static class CacheServices
{
    private static readonly PathString[] Own = ["/cache/stats", "/healthz", "/readyz", "/dapr", "/actors", "/job"];

    /// <summary>Adds them.</summary>
    public static IServiceCollection AddCache(this IServiceCollection services, CacheOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(new CacheStore(options.Bytes));
        services.AddSingleton<CacheStats>();
        services.AddSingleton<Collapsing>();
        services.AddSingleton<Origin>();
        services.AddSingleton<Fetch>();
        services.AddHostedService(provider => provider.GetRequiredService<Fetch>());
        services.AddHttpForwarder();
        services.AddSingleton<Passage>();
        services.AddSingleton<Answers>();
        return services.AddSingleton<CachingProxy>();
    }

    /// <summary>Maps the cache's own paths; all others are the origin's, and are looked up before routing looks at them. Call it before anything else is mapped.</summary>
    public static void MapCache(this WebApplication app)
    {
        var proxy = app.Services.GetRequiredService<CachingProxy>();
        app.Use(next => http => Own.Any(own => http.Request.Path.StartsWithSegments(own)) ? next(http) : proxy.AnswerAsync(http));
        app.UseRouting();
        app.MapGet("/cache/stats", (CacheStats stats) => TypedResults.Ok(stats.Report()));
    }
}
