using Microsoft.AspNetCore.Http.HttpResults;
using Samples.ShardMemory;

namespace Samples.Origin;

/// <summary>One document of an answer.</summary>
public sealed record FoundDocument(string Id, string Summary);

/// <summary>The answer to a search.</summary>
/// <param name="Words">What was searched for.</param>
/// <param name="Total">How many documents have all words.</param>
/// <param name="Results">The first of them: the shortest.</param>
public sealed record SearchAnswer(IReadOnlyList<string> Words, int Total, IReadOnlyList<FoundDocument> Results);

/// <summary>Search and documents. Each answer says when it was true and what it depends on, so that it can be kept elsewhere.</summary>
public static class ReadingEndpoints
{
    private const int MostWords = 16, LongestQuery = 1000, MostResults = 100, LongestName = 300;

    /// <summary>Maps what shards ask for.</summary>
    public static void MapReading(this IEndpointRouteBuilder routes)
    {
        var reading = routes.MapGroup("").AddEndpointFilter(async (context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<Library>().Index is null ? NotReady() : await next(context));
        reading.MapGet("/search", SearchAsync);
        reading.MapGet("/documents", FindAsync);
        routes.MapGet("/changes", ChangesAsync);
        routes.MapGet("/leases", (ChangeLog log) => TypedResults.Ok(new { Now = $"{log.Now}", log.Holders }));
    }

    private static async Task<Results<Ok<SearchAnswer>, ValidationProblem>> SearchAsync(
        string? q, int? limit, Library library, Cost cost, HttpResponse response, CancellationToken cancel)
    {
        var words = q is { Length: <= LongestQuery } ? Words.Of(q).Order(StringComparer.Ordinal).ToArray() : [];
        var errors = new Dictionary<string, string[]>();
        if (words.Length is 0 or > MostWords)
            errors["q"] = [$"Give 1 to {MostWords} words, in at most {LongestQuery} characters."];
        if (limit is < 1 or > MostResults)
            errors["limit"] = [$"Give a number between 1 and {MostResults}."];
        if (errors.Count > 0)
            return TypedResults.ValidationProblem(errors, title: "This is no search.", type: "invalid-search");

        // First looked at, then slow: as a store that computes for a while. What changes meanwhile is not in the answer, and it says so.
        var now = library.Now;
        var (total, first) = library.Search(now, words, limit ?? 10);
        await cost.PayAsync(cancel);
        Say(response, now.AsOf, words);
        return TypedResults.Ok(new SearchAnswer(words, total, [.. first.Select(d => new FoundDocument(d.Id, d.Summary))]));
    }

    private static async Task<Results<Ok<Document>, NotFound<Microsoft.AspNetCore.Mvc.ProblemDetails>, ValidationProblem>> FindAsync(
        string? id, Library library, Cost cost, HttpResponse response, CancellationToken cancel)
    {
        if (id is null or "" or { Length: > LongestName })
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]> { ["id"] = [$"Give a document's id of at most {LongestName} characters."] });
        var now = library.Now;
        var document = library.Find(now, id);
        await cost.PayAsync(cancel);
        if (document is null)
        {
            return TypedResults.NotFound(new Microsoft.AspNetCore.Mvc.ProblemDetails
            {
                Status = 404, Type = "document-not-found", Title = "There is no such document.",
                Detail = "Ids are documentation ids such as T:System.String; /search finds them by their words.",
            });
        }

        Say(response, now.AsOf, [$"id:{id}"]);
        return TypedResults.Ok(document);
    }

    private static async Task<Results<Ok<ChangePage>, ValidationProblem>> ChangesAsync(
        string? holder, string? since, int? waitMs, ChangeLog log, CancellationToken cancel)
    {
        var errors = new Dictionary<string, string[]>();
        if (holder is null or "" or { Length: > LongestName })
            errors["holder"] = [$"Give a name of at most {LongestName} characters, another one for each life of a process."];
        if (waitMs is < 0 or > 10_000)
            errors["waitMs"] = ["Give milliseconds between 0 and 10000."];
        return errors.Count > 0
            ? TypedResults.ValidationProblem(errors)
            : TypedResults.Ok(await log.ReadAsync(
                holder!, SourceTime.Parse(since) ?? new SourceTime("", -1), TimeSpan.FromMilliseconds(waitMs ?? 0), cancel));
    }

    private static void Say(HttpResponse response, SourceTime asOf, IEnumerable<string> dependsOn)
    {
        response.Headers[AnswerHeaders.AsOf] = $"{asOf}";
        response.Headers[AnswerHeaders.DependsOn] = string.Join(' ', dependsOn.Select(Library.Escape));
    }

    private static ProblemHttpResult NotReady() => TypedResults.Problem(
        statusCode: 503, type: "not-ready", title: "The documentation is still being read.", detail: "Ask again in a second.");
}
