using Samples.SearchIndex;

namespace Samples.SearchRoot;

/// <summary>
/// Scatter/gather with leaf sharding: every leaf holds some of the documents, gets the whole query, and answers with its own best. The
/// work of a query is divided, and no posting list travels; but each query needs every leaf, and is as slow as the slowest of them.
/// </summary>
public sealed class LeafSharding(Scatter scatter)
{
    /// <summary>The answer, of those leaves that are in time.</summary>
    public async Task<SearchAnswer> SearchAsync(SearchRequest request, CancellationToken cancel)
    {
        var question = QueryString.Create(
        [
            .. request.Query.Required.Select(word => KeyValuePair.Create("word", (string?)word)),
            .. request.Query.Excluded.Select(word => KeyValuePair.Create("without", (string?)word)),
            new("k", $"{request.K}"), new("leaves", $"{request.Leaves}"),
        ]);
        // A tenth of the time is for the way back.
        var replies = await scatter.AskAsync<LeafHits>(
            "search", request.Leaves, _ => $"/search{question}", request.Hedging, request.Deadline * 0.9, cancel);

        LeafHits[] answers = [.. replies.Where(r => r.Answer is not null).Select(r => r.Answer!)];
        // Every leaf scores with the statistics of the whole corpus, so that scores can be compared and any number of leaves gives this
        // order.
        var best = Ranking.Merge(answers.Select(a => a.Best), hit => new Ranked(hit.Passage.Document, hit.Score), request.K);
        return SearchAnswer.From(
            answers.Sum(a => a.Total), [.. best.Select(h => SearchResult.From(h.Passage, h.Score))], [], SearchAnswer.TimingsOf(replies));
    }
}
