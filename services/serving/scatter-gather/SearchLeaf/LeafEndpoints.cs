using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Samples.SearchIndex;

namespace Samples.SearchLeaf;

/// <summary>
/// What the root asks a leaf. <c>leaves</c> says among how many the documents are shared; it is the number of partitions unless given.
/// </summary>
public static class LeafEndpoints
{
    private const int MostResults = 1000;

    /// <summary>Maps the questions.</summary>
    public static void MapLeaf(this IEndpointRouteBuilder routes)
    {
        var slowness = routes.ServiceProvider.GetRequiredService<Slowness>();
        var questions = routes.MapGroup("").AddEndpointFilter(slowness.DelayAsync).AddEndpointFilter(async (context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<LeafIndex>().IsLoaded ? await next(context) : NotReady());
        questions.MapGet("/search", (
            string[] word,
            [FromQuery(Name = "without")] string[]? excluded,
            int? k,
            int? leaves,
            LeafIndex index,
            LeafOptions options,
            CancellationToken cancel) =>
            Check(word.Length, "word", k ?? 10, leaves, options, count => index.Search(word, excluded ?? [], k ?? 10, count, cancel)));
        questions.MapGet("/postings", (string[] word, int? leaves, LeafIndex index, LeafOptions options, CancellationToken cancel) =>
            Check(word.Length, "word", 1, leaves, options, count => index.Postings(word, count, cancel)));
        questions.MapGet("/passages", (int[] document, int? leaves, LeafIndex index, LeafOptions options) =>
            Check(document.Length, "document", 1, leaves, options, count => index.Passages(document, count)));
    }

    private static IResult Check<T>(int asked, string name, int k, int? leaves, LeafOptions options, Func<int, T> answer)
    {
        var errors = new Dictionary<string, string[]>();
        if (asked is 0 or > MostResults)
            errors[name] = [$"Give 1 to {MostResults}."];
        if (k is < 1 or > MostResults)
            errors["k"] = [$"Give a number between 1 and {MostResults}."];
        if (leaves is { } given && (given < options.Leaf || given > options.Partitions))
            errors["leaves"] = [$"This is leaf {options.Leaf} of at most {options.Partitions}; it has nothing where there are {given}."];
        return errors.Count > 0 ? TypedResults.ValidationProblem(errors) : TypedResults.Ok(answer(leaves ?? options.Partitions));
    }

    private static ProblemHttpResult NotReady() =>
        TypedResults.Problem(
            statusCode: 503,
            title: "The index is not loaded yet.",
            detail: "Ask this leaf's other replica, or again in a moment.",
            type: "leaf-not-ready");
}
