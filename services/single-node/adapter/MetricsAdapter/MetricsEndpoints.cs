using System.Globalization;
using Microsoft.Net.Http.Headers;
using Samples.MetricsAdapter.Page;

namespace Samples.MetricsAdapter;

/// <summary>The one interface that all applications show here.</summary>
internal static class MetricsEndpoints
{
    /// <summary>Maps <c>/metrics</c>.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes, TimeSpan timeout) =>
        routes.MapGet("/metrics", async (HttpRequest request, Scrape scrape, CancellationToken cancel) =>
        {
            var format = PageFormat.For(request.Headers[HeaderNames.Accept]);
            var page = await scrape.RunAsync(LimitFor(request.Headers["X-Prometheus-Scrape-Timeout-Seconds"], timeout), cancel);
            return Results.Text(format.Write(page), format.ContentType);
        });

    /// <summary>
    /// The limit for a source: the scraper says in a header when it gives up, and a fifth of that, half a second at least, is for the way
    /// and the writing. What is no number of seconds is passed over.
    /// </summary>
    public static TimeSpan LimitFor(string? scraper, TimeSpan own) =>
        double.TryParse(scraper, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            && seconds is > 0 and < 86_400 && Left(seconds) < own.TotalSeconds
            ? TimeSpan.FromSeconds(Left(seconds))
            : own;

    private static double Left(double seconds) => Math.Max(seconds - Math.Max(seconds / 5, Math.Min(0.5, seconds / 2)), 0.01);
}
