using Microsoft.AspNetCore.Diagnostics;
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

    /// <summary>
    /// Maps the cache's own paths; all others are the origin's, whatever else is mapped. Call it after what guards them all.
    /// </summary>
    public static void MapCache(this WebApplication app)
    {
        var proxy = app.Services.GetRequiredService<CachingProxy>();
        app.Use(next => http =>
        {
            if (Own.Any(own => http.Request.Path.StartsWithSegments(own)))
                return next(http);
            // An empty answer of the origin's stays empty.
            if (http.Features.Get<IStatusCodePagesFeature>() is { } pages)
                pages.Enabled = false;
            return proxy.AnswerAsync(http);
        });
        app.MapGet("/cache/stats", (CacheStats stats) => TypedResults.Ok(stats.Report()));
    }
}
