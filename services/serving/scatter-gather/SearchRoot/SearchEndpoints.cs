using Microsoft.AspNetCore.Http.HttpResults;

namespace Samples.SearchRoot;

/// <summary>How the root sees one leaf.</summary>
public sealed record LeafView(int Leaf, IReadOnlyList<string> Replicas, IReadOnlyList<string> Outliers);

/// <summary>What the root has learnt about its leaves.</summary>
/// <param name="Leaves">Replicas, and which of them are avoided.</param>
/// <param name="LateAfterMs">By kind of question, after how many milliseconds a second replica is asked.</param>
public sealed record RootView(IReadOnlyList<LeafView> Leaves, IReadOnlyDictionary<string, double> LateAfterMs);

/// <summary>Search over HTTP.</summary>
public static class SearchEndpoints
{
    /// <summary>Maps the search and a view of the leaves.</summary>
    public static void MapSearch(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/search", SearchAsync);
        routes.MapGet("/leaves", (Scatter scatter, RootOptions options) => TypedResults.Ok(new RootView(
            [.. scatter.Leaves.Select(leaf => new LeafView(leaf.Number, options.Leaves[leaf.Number - 1], leaf.Outliers))],
            scatter.Late.ToDictionary(l => l.Key, l => Math.Round(l.Value.TotalMilliseconds, 2)))));
    }

    private static async Task<Results<Ok<SearchAnswer>, ValidationProblem, ProblemHttpResult>> SearchAsync(
        [AsParameters] SearchParameters parameters, LeafSharding sharding, RootDistribution distribution, RootOptions options,
        TimeProvider time, CancellationToken cancel)
    {
        if (SearchRequest.Read(parameters, options, out var errors) is not { } request)
            return TypedResults.ValidationProblem(errors, title: "This is no search.", type: "invalid-search");
        var answer = request.Mode == SearchMode.LeafSharding
            ? await sharding.SearchAsync(request, cancel)
            : await distribution.SearchAsync(request, time, cancel);
        return answer.IsAnswered
            ? TypedResults.Ok(answer)
            : TypedResults.Problem(
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "No leaf answered in time.", type: "no-leaf-answered",
                detail: $"The deadline was {request.Deadline.TotalMilliseconds:0} ms. Ask again with a longer one. "
                    + string.Join("; ", answer.Leaves.Select(l => $"leaf {l.Leaf}: {l.Problem}")));
    }
}
