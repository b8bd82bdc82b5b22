using System.ComponentModel;
using Microsoft.AspNetCore.Mvc;
using Samples.SearchIndex;

namespace Samples.SearchRoot;

/// <summary>Which of the book's two ways to spread an index over leaves answers.</summary>
public enum SearchMode
{
    /// <summary>Each leaf holds some documents: every leaf is asked, the root merges.</summary>
    LeafSharding,

    /// <summary>
    /// Each leaf holds the whole posting lists of some words: only the leaves of the query's words are asked, the root intersects.
    /// </summary>
    RootDistribution,
}

/// <summary>A search as it comes over HTTP, unchecked. Everything is text, so that what is wrong can be named.</summary>
public sealed record SearchParameters(
    [property: FromQuery(Name = "q"), Description("Words that documents must have; '-word' excludes one.")] string? Q,
    [property: FromQuery(Name = "k"), Description("How many results, 1 to 100; 10 unless given.")] string? K,
    [property: FromQuery(Name = "mode"), Description("'leaf-sharding' (default) or 'root-distribution'.")] string? Mode,
    [property: FromQuery(Name = "deadlineMs"), Description("The time for the whole answer, 20 to 10000 ms.")] string? DeadlineMs,
    [property: FromQuery(Name = "hedging"), Description("'false': never ask a second replica, avoid no outliers.")] string? Hedging,
    [property: FromQuery(Name = "leaves"), Description("Share the index among so many leaves only.")] string? Leaves);

/// <summary>A search that can be answered.</summary>
public sealed record SearchRequest(SearchQuery Query, int K, SearchMode Mode, TimeSpan Deadline, bool Hedging, int Leaves)
{
    /// <summary>Shorter deadlines leave no time for anything.</summary>
    public const int ShortestDeadlineMs = 20;

    /// <summary>Nobody waits longer.</summary>
    public const int LongestDeadlineMs = 10_000;

    private const int MostResults = 100;

    /// <summary>The request, or null and for each wrong field what is allowed.</summary>
    public static SearchRequest? Read(SearchParameters given, RootOptions options, out Dictionary<string, string[]> errors)
    {
        var wrong = errors = [];
        var query = SearchQuery.Parse(given.Q, out var problem);
        if (query is null)
            wrong["q"] = [problem];
        SearchMode? mode = given.Mode switch
        {
            null or "" or "leaf-sharding" => SearchMode.LeafSharding,
            "root-distribution" => SearchMode.RootDistribution,
            _ => null,
        };
        if (mode is null)
            wrong["mode"] = ["Write 'leaf-sharding' or 'root-distribution'."];
        bool? hedging = given.Hedging switch { null or "" => options.Hedging, "true" => true, "false" => false, _ => null };
        if (hedging is null)
            wrong["hedging"] = ["Write 'true' or 'false'."];
        var k = Number("k", given.K, 10, 1, MostResults);
        var deadline = Number(
            "deadlineMs", given.DeadlineMs, (int)options.Deadline.TotalMilliseconds, ShortestDeadlineMs, LongestDeadlineMs);
        var leaves = Number("leaves", given.Leaves, options.Leaves.Count, 1, options.Leaves.Count);
        return wrong.Count == 0
            ? new SearchRequest(query!, k, mode!.Value, TimeSpan.FromMilliseconds(deadline), hedging!.Value, leaves)
            : null;

        int Number(string name, string? text, int otherwise, int least, int most)
        {
            if (string.IsNullOrEmpty(text))
                return otherwise;
            if (int.TryParse(text, out var value) && value >= least && value <= most)
                return value;
            wrong[name] = [$"Give a whole number between {least} and {most}."];
            return otherwise;
        }
    }
}
