using Samples.Stages;

namespace Samples.OrderSource;

/// <summary>What the cron binding calls, and what became of it.</summary>
public static class SourceEndpoints
{
    /// <summary>Maps the source, and what every stage has.</summary>
    public static void MapOrders(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<SourceOptions>();
        app.MapSource();
        // Dapr asks with OPTIONS whether the application wants the binding, and calls with POST.
        app.MapMethods($"/{options.Tick}", ["OPTIONS"], () => Results.Ok()).ExcludeFromDescription();
        app.MapPost($"/{options.Tick}", async (OrderRun run, IHostApplicationLifetime life) =>
        {
            await run.TickAsync(life.ApplicationStopping);
            return Results.Ok();
        }).WithSummary("Look at the folder now; a look that is under way is enough.");
        app.MapGet("/runs", (OrderRun run) => new { looks = run.Counts.Runs, passedOver = run.Counts.PassedOver })
            .WithSummary("Looks at the folder, and ticks that came while one was under way.");
    }
}
