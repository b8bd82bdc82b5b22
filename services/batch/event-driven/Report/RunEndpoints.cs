using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.Report;

/// <summary>The reports over HTTP.</summary>
public static class RunEndpoints
{
    /// <summary>Maps them.</summary>
    public static void MapRuns(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/runs", (RunBook book, CancellationToken cancel) => book.RecentAsync(cancel)).WithSummary("The last runs.");
        routes.MapGet("/runs/{run}", ReadAsync).WithSummary("What came of a run, by topic.");
    }

    private static async Task<Results<Ok<IReadOnlyDictionary<string, RunPart>>, ProblemHttpResult>> ReadAsync(
        string run, RunBook book, CancellationToken cancel) =>
        await book.ReadAsync(RunBook.Name(run), cancel) is { Count: > 0 } parts
            ? TypedResults.Ok(parts)
            : TypedResults.Problem(
                statusCode: 404, type: "run-not-found", title: $"Nothing has come of a run '{run}'.",
                detail: "GET /runs names the last ones.");
}
