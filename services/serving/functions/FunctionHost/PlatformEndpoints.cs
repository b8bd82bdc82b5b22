using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Samples.Defaults;

namespace Samples.FunctionHost;

/// <summary>What the platforms for functions ask of a container, and what a function tells about itself.</summary>
internal static class PlatformEndpoints
{
    /// <summary>
    /// <c>/_/health</c> and <c>/_/ready</c>, as OpenFaaS asks: without a token, and unhealthy from SIGTERM on, so that it is taken out of
    /// the rotation while it finishes.
    /// </summary>
    public static void MapPlatformHealth(this WebApplication app)
    {
        var readiness = app.Services.GetRequiredService<Readiness>();
        app.Use((http, next) =>
        {
            if (http.Request.Path != "/_/health" && http.Request.Path != "/_/ready")
                return next(http);
            http.Response.StatusCode = readiness.WhyNot is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
    }

    /// <summary>
    /// <c>POST /</c>: the only path that OpenFaaS's gateway and Knative's triggers know. A CloudEvent goes to the function that takes
    /// events, anything else to the first that takes requests.
    /// </summary>
    public static void MapPlatformRoot(this WebApplication app, IReadOnlyList<HostedFunction> functions)
    {
        var ofEvents = functions.FirstOrDefault(f => f.Triggers.Topics.Count > 0);
        var ofRequests = functions.FirstOrDefault(f => f.Triggers.Http.Any(h => h.Method == "POST"));
        app.MapPost("/", http => (IsEvent(http.Request) ? ofEvents : ofRequests) switch
        {
            null => Results.Problem(
                statusCode: StatusCodes.Status404NotFound, type: "no-trigger", title: "No function here takes that.",
                detail: "GET /_/functions lists what each takes.").ExecuteAsync(http),
            var function when function == ofEvents && IsEvent(http.Request) => function.AnswerEventAsync(http),
            var function => function.AnswerAsync(http),
        }).ExcludeFromDescription();
    }

    /// <summary><c>GET /_/functions</c>, and for experiments <c>PUT /faults</c>.</summary>
    public static void MapFunctionState(this WebApplication app, IReadOnlyList<HostedFunction> functions)
    {
        app.MapGet("/_/functions", (ColdStart start, Counts counts) =>
        {
            var (calls, failures, dropped, parked) = counts.Read();
            using var process = Process.GetCurrentProcess();
            return new FunctionState(
                [.. functions.Select(f => new FunctionTriggers(
                    f.Name, [.. f.Triggers.Http.Select(h => $"{h.Method} {h.Path}")], [.. f.Triggers.Topics.Select(t => t.Topic)],
                    f.Triggers.Bindings))],
                Environment.ProcessId, start.Milliseconds, start.ProcessorMilliseconds, process.WorkingSet64 / 1e6,
                Environment.CpuUsage.TotalTime.TotalMilliseconds, calls, failures, dropped, parked);
        }).WithName("functions").WithSummary("What is hosted here, what its cold start took, and what it did since.");
        if (app.Services.GetRequiredService<FunctionOptions>().Faults)
        {
            app.MapPut("/faults", (Faults faults, Switches switches) =>
            {
                switches.Marks = faults.Marks ?? switches.Marks;
                switches.ETags = faults.ETags ?? switches.ETags;
                switches.Tries = faults.Tries ?? switches.Tries;
                return Results.NoContent();
            }).ExcludeFromDescription();
        }
    }

    private static bool IsEvent(HttpRequest request) => request.Headers.ContainsKey("ce-id")
        || request.ContentType?.StartsWith("application/cloudevents+json", StringComparison.OrdinalIgnoreCase) == true;

    private sealed record Faults(bool? Marks, bool? ETags, bool? Tries);

    private sealed record FunctionTriggers(
        string Function, IReadOnlyList<string> Requests, IReadOnlyList<string> Topics, IReadOnlyList<string> Bindings);

    private sealed record FunctionState(
        IReadOnlyList<FunctionTriggers> Functions, int ProcessId, double? ColdStartMilliseconds, double? ColdStartProcessorMilliseconds,
        double MemoryMegabytes, double ProcessorMilliseconds, long Calls, long Failures, long Dropped, long Parked);
}
