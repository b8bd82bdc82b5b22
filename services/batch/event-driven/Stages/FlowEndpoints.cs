using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Samples.Defaults;

namespace Samples.Stages;

/// <summary>How a stage tells what it is, what it has done, and how the flow around it is wired.</summary>
public static class FlowEndpoints
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    internal static void MapFlow(this IEndpointRouteBuilder routes, bool faults, Func<int> remembered)
    {
        routes.MapGet("/wiring", (StageSettings settings) => Wiring.Of(settings)).WithSummary("Topics in and out, of this stage.");
        routes.MapGet("/flow", ReadAsync).WithSummary("The whole flow, as its stages are wired: mermaid, or JSON where it is asked for.");
        routes.MapGet("/counts", (Counts counts) => counts.Report).WithSummary("What this process has done.");
        routes.MapGet("/remembered", () => new { ids = remembered(), megabytes = Environment.WorkingSet / 1e6 })
            .WithSummary("How many seen ids this process holds, and its memory.");
        if (faults)
            routes.MapPut("/guarantees", Switch).WithSummary("For experiments: what happens without.");
    }

    private static async Task<IResult> ReadAsync(StageSettings settings, HttpRequest request, CancellationToken cancel)
    {
        var stages = settings.Flow.DefaultIfEmpty(settings.Name).Select(s => AskAsync(s, settings, cancel));
        var flow = new Flow(await Task.WhenAll(stages));
        var wantsJson = request.GetTypedHeaders().Accept.Any(
            a => a.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));
        return wantsJson ? Results.Json(flow) : Results.Text(flow.ToMermaid());
    }

    private static async Task<Wiring> AskAsync(string stage, StageSettings settings, CancellationToken cancel)
    {
        if (stage == settings.Name)
            return Wiring.Of(settings);
        using var client = InvocationClient.Create(stage);
        client.Timeout = Patience;
        try
        {
            return await client.GetFromJsonAsync<Wiring>("/wiring", cancel) ?? Wiring.Unknown(stage);
        }
        catch (Exception error) when (
            error is HttpRequestException or System.Text.Json.JsonException
            || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return Wiring.Unknown(stage);
        }
    }

    private static IResult Switch(WantedGuarantees wanted, Guarantees guarantees)
    {
        guarantees.Set(wanted);
        return Results.NoContent();
    }
}
