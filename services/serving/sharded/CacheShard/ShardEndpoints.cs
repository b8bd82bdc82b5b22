using Microsoft.AspNetCore.Http.HttpResults;
using Samples.ShardMemory;

namespace Samples.CacheShard;

/// <summary>A shard's replica in numbers.</summary>
/// <param name="Replica">Its name.</param>
/// <param name="Hits">Answered from memory.</param>
/// <param name="Misses">The source was asked, or somebody had just asked it for the same.</param>
/// <param name="Handed">Another shard had it, which had the key before.</param>
/// <param name="Stale">Answered from memory while the source could not be reached.</param>
/// <param name="HitRate">Of all requests; 0 where there was none.</param>
/// <param name="Answers">How many are remembered.</param>
/// <param name="Bytes">What they take.</param>
/// <param name="Capacity">What they may take.</param>
/// <param name="Overhead">Of which so much each, beside key and body.</param>
/// <param name="Evicted">Those that had to go for others.</param>
/// <param name="Refused">Those that were larger than all there is.</param>
/// <param name="IsCurrent">Whether it has a lease.</param>
/// <param name="Unleased">Requests that came while it had none.</param>
public sealed record ShardStats(
    string Replica, long Hits, long Misses, long Handed, long Stale, double HitRate, int Answers, long Bytes, long Capacity, int Overhead,
    long Evicted, long Refused, bool IsCurrent, long Unleased);

/// <summary>What the router asks, and what people look at.</summary>
public static class ShardEndpoints
{
    private const int LongestTarget = 32 * 1024;

    /// <summary>Maps them.</summary>
    public static void MapShard(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/answer", AnswerAsync);
        routes.MapGet("/peek", Results<NotFound, ValidationProblem, FileContentHttpResult> (
            string? target, ReadThrough read, ShardOptions options, HttpResponse response) =>
            !IsTarget(target) ? NoTarget()
            : read.Peek(target!) is { } known ? Show(known, Found.Hit, options, response)
            : TypedResults.NotFound());
        routes.MapGet("/stats", (ReadThrough read, AnswerMemory memory, ChangeFeed feed, ShardOptions options) =>
        {
            var ((hits, misses, handed, stale), (bytes, count, evicted, refused)) = (read.Counts, memory.Usage);
            var all = hits + misses + handed + stale;
            return TypedResults.Ok(new ShardStats(options.Replica, hits, misses, handed, stale, all == 0 ? 0 : (double)hits / all,
                count, bytes, memory.Capacity, AnswerMemory.Overhead, evicted, refused, feed.IsCurrent, read.Unleased));
        });
        if (routes.ServiceProvider.GetRequiredService<ShardOptions>().Faults)
        {
            routes.MapDelete("/memory", (AnswerMemory memory) =>
            {
                memory.Clear();
                return TypedResults.NoContent();
            });
        }
    }

    private static async Task<Results<FileContentHttpResult, ProblemHttpResult, ValidationProblem>> AnswerAsync(
        string? target, string? from, ReadThrough read, ShardOptions options, HttpResponse response, CancellationToken cancel)
    {
        if (!IsTarget(target))
            return NoTarget();
        try
        {
            var reading = await read.GetAsync(target!, from is "" ? null : from, cancel);
            return Show(reading.Answer, reading.How, options, response);
        }
        catch (Exception error) when (Callees.IsFailure(error))
        {
            return TypedResults.Problem(
                statusCode: 502, type: "origin-unreachable", title: "The source does not answer, and nothing of it is remembered here.",
                detail: "Ask again when the source is back.");
        }
    }

    private static FileContentHttpResult Show(Answer answer, string how, ShardOptions options, HttpResponse response)
    {
        response.StatusCode = answer.Status;
        response.Headers[AnswerHeaders.Cache] = how;
        response.Headers[AnswerHeaders.Replica] = options.Replica;
        if (answer.DependsOn.Length > 0)
            response.Headers[AnswerHeaders.DependsOn] = answer.DependsOn;
        if (answer.AsOf is { } asOf)
            response.Headers[AnswerHeaders.AsOf] = $"{asOf}";
        return TypedResults.Bytes(answer.Body, answer.ContentType);
    }

    private static bool IsTarget(string? target) => target is ['/', ..] and { Length: <= LongestTarget };

    private static ValidationProblem NoTarget() => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { ["target"] = [$"Give a path with its query, of at most {LongestTarget} characters."] });
}
