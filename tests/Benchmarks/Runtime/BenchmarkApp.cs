using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Samples.Benchmarks.Runtime;

/// <summary>
/// The application behind the sidecar: as little as an application can be. It answers, and notes how long events were under way. Prints its
/// port; ends when its input ends.
/// </summary>
internal static class BenchmarkApp
{
    public static async Task RunAsync()
    {
        var deliveries = new ConcurrentBag<double>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/hello", () => "hello");
        app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic = "orders", route = "/orders" } });
        app.MapPost("/orders", async (HttpRequest request) =>
        {
            using var body = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            var data = body.RootElement.TryGetProperty("data", out var inner) ? inner : body.RootElement;
            deliveries.Add(Stopwatch.GetElapsedTime(data.GetProperty("sent").GetInt64()).TotalMilliseconds);
        });
        app.MapGet("/deliveries/count", () => deliveries.Count);
        app.MapDelete("/deliveries", () =>
        {
            double[] milliseconds = [.. deliveries];
            deliveries.Clear();
            return milliseconds;
        });
        await app.StartAsync();
        Console.WriteLine(new Uri(app.Urls.First()).Port);
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
    }
}
