using System.Text.Json.Serialization;
using Samples.ApiDocs;
using Samples.SearchIndex;

namespace Samples.SearchRoot;

/// <summary>One document of the answer.</summary>
public sealed record SearchResult(string Id, MemberKind Kind, double Score, string Summary)
{
    /// <summary>A document with its score.</summary>
    public static SearchResult From(Passage passage, double score) => new(passage.Id, passage.Kind, score, passage.Summary);
}

/// <summary>How one leaf did. A leaf that is asked twice (root distribution: for lists, then for documents) stands here twice.</summary>
/// <param name="Leaf">Its number.</param>
/// <param name="Replica">Who answered; null where nobody did in time.</param>
/// <param name="Ms">Milliseconds until the answer, or until it was given up.</param>
/// <param name="Hedged">A second replica was asked because the first was late.</param>
/// <param name="Problem">Why nobody answered: <c>late</c>, or how the last replica failed.</param>
public sealed record LeafTiming(int Leaf, string? Replica, double Ms, bool Hedged, string? Problem);

/// <summary>What the root answers.</summary>
/// <param name="Total">How many documents match, as far as leaves have answered.</param>
/// <param name="Results">The best, best first.</param>
/// <param name="Partial">True where something was left out.</param>
/// <param name="MissingLeaves">The leaves whose answer did not come in time.</param>
/// <param name="IgnoredWords">
/// Words whose posting lists did not come: the answer is to the query without them (root distribution only).
/// </param>
/// <param name="Leaves">How each leaf did.</param>
public sealed record SearchAnswer(
    int Total,
    IReadOnlyList<SearchResult> Results,
    bool Partial,
    IReadOnlyList<int> MissingLeaves,
    IReadOnlyList<string> IgnoredWords,
    IReadOnlyList<LeafTiming> Leaves)
{
    /// <summary>False where no leaf at all was in time: there is nothing to show.</summary>
    [JsonIgnore]
    public bool IsAnswered => Leaves.Any(l => l.Replica is not null);

    /// <summary>An answer; what is missing follows from the replies.</summary>
    public static SearchAnswer From(
        int total, IReadOnlyList<SearchResult> results, IReadOnlyList<string> ignoredWords, params IEnumerable<LeafTiming> leaves)
    {
        LeafTiming[] all = [.. leaves];
        int[] missing = [.. all.Where(l => l.Replica is null).Select(l => l.Leaf).Distinct().Order()];
        return new SearchAnswer(total, results, missing.Length > 0, missing, ignoredWords, all);
    }

    /// <summary>How leaves did.</summary>
    public static IEnumerable<LeafTiming> TimingsOf<T>(IEnumerable<LeafReply<T>> replies)
        where T : class => replies.Select(
            r => new LeafTiming(r.Leaf, r.Replica, Math.Round(r.Elapsed.TotalMilliseconds, 2), r.Hedged, r.Problem));
}
