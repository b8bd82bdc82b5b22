using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Samples.Dictionary;

/// <summary>What a word means.</summary>
public sealed record Definition(string Word, IReadOnlyList<Meaning> Meanings);

/// <summary>Words that begin with what was typed.</summary>
public sealed record Completions(string Prefix, IReadOnlyList<string> Words);

/// <summary>Who asked, by its own word.</summary>
public sealed record Client(string Name);

/// <summary>A replica in numbers.</summary>
/// <param name="Replica">Its name.</param>
/// <param name="Requests">Look-ups and completions since it started.</param>
/// <param name="Early">Those of them that came before it was ready.</param>
public sealed record ReplicaStats(string Replica, long Requests, long Early);

/// <summary>Look-up and completion. Every answer may be kept by caches, and says which replica gave it.</summary>
public static class DictionaryEndpoints
{
    private const int LongestWord = 1000, MostWords = 100, LongestDelay = 30_000;

    /// <summary>Maps them.</summary>
    public static void MapDictionary(this IEndpointRouteBuilder routes)
    {
        var words = routes.MapGroup("").AddEndpointFilter(GuardAsync);
        words.MapGet("/define/{word}", Define);
        // Words with a # cannot come in a path where daprd is on the way: it answers 500 to %23 there (dapr/dapr#10409).
        words.MapGet("/define", (string? word, WordBook book) => Define(word ?? "", book));
        words.MapGet("/complete", Results<Ok<Completions>, ValidationProblem> (string? prefix, int? limit, WordBook book) =>
            Problem(prefix, limit) is { } problem
                ? TypedResults.ValidationProblem(problem)
                : TypedResults.Ok(new Completions(prefix!, book.Complete(prefix!, limit ?? 10))));
        if (routes.ServiceProvider.GetRequiredService<DictionaryOptions>().Faults)
            routes.MapGet("/whoami", WhoAmI);
        routes.MapGet("/stats", (Served served, DictionaryOptions options) =>
            TypedResults.Ok(new ReplicaStats(options.Replica, served.Requests, served.Early)));
    }

    private static Results<Ok<Definition>, ProblemHttpResult> Define(string word, WordBook book) =>
        book.Define(word) is { Count: > 0 } meanings
            ? TypedResults.Ok(new Definition(word, meanings))
            : TypedResults.Problem(
                statusCode: 404,
                type: "word-not-found",
                title: $"'{Shortened(word)}' is not in the dictionary.",
                detail: "Words are full names and case counts, such as System.String.Substring. /complete finds them by their beginning.");

    // For experiments: an answer that is one client's own, so that they can see whether another one ever gets it.
    private static Ok<Client> WhoAmI(HttpContext http)
    {
        http.Response.Headers.CacheControl = "private, max-age=60";
        return TypedResults.Ok(new Client(Shortened(http.Request.Headers["X-Client"].ToString())));
    }

    private static async ValueTask<object?> GuardAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        var book = http.RequestServices.GetRequiredService<WordBook>();
        var options = http.RequestServices.GetRequiredService<DictionaryOptions>();
        http.Response.Headers["X-Replica"] = options.Replica;
        http.RequestServices.GetRequiredService<Served>().Count(book.IsLoaded);
        if (!book.IsLoaded)
        {
            http.Response.Headers.RetryAfter = "1";
            return TypedResults.Problem(
                statusCode: 503,
                type: "not-ready",
                title: "The documentation is still being read.",
                detail: "Ask another replica, or again in a second.");
        }

        if (options.Faults && int.TryParse(http.Request.Query["delayMs"], out var delay) && delay is > 0 and <= LongestDelay)
            await Task.Delay(delay, http.RequestAborted);
        var result = await next(context);
        var status = ((result as INestedHttpResult)?.Result as IStatusCodeHttpResult)?.StatusCode;
        if (status is not (200 or 404))
            return result;
        // The whole answer depends on the edition and the address alone, and the address is the key in every cache.
        var tag = new EntityTagHeaderValue($"\"{book.Edition}\"");
        http.Response.Headers.ETag = tag.ToString();
        http.Response.Headers.CacheControl =
            $"public, max-age={options.MaxAge}, stale-while-revalidate={options.Stale}, stale-if-error={options.Stale}";
        return status == 200 && IsKnown(http.Request, tag) ? TypedResults.StatusCode(StatusCodes.Status304NotModified) : result;
    }

    private static bool IsKnown(HttpRequest request, EntityTagHeaderValue tag) =>
        request.GetTypedHeaders().IfNoneMatch is { Count: > 0 } known
        && known.Any(k => k.Equals(EntityTagHeaderValue.Any) || k.Compare(tag, useStrongComparison: false));

    private static Dictionary<string, string[]>? Problem(string? prefix, int? limit) => (prefix, limit) switch
    {
        (null or "", _) => new() { ["prefix"] = ["Give the beginning of a word."] },
        ({ Length: > LongestWord }, _) => new() { ["prefix"] = [$"Give at most {LongestWord} characters."] },
        (_, < 1 or > MostWords) => new() { ["limit"] = [$"Give a number between 1 and {MostWords}."] },
        _ => null,
    };

    private static string Shortened(string word) => word.Length <= 80 ? word : word[..80] + "…";
}
