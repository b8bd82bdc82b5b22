using Samples.SearchIndex;

namespace Samples.SearchRoot;

/// <summary>
/// Scatter/gather with root distribution: every leaf holds the whole posting lists of some words. The root asks just the leaves of the
/// query's words, intersects and ranks by itself, and then fetches the winners' texts from the leaves that keep them. Few leaves work on
/// a query; but whole lists travel, and the root does the rest alone.
/// </summary>
public sealed class RootDistribution(Scatter scatter, RootOptions options)
{
    /// <summary>The answer, to the query without those words whose lists are not in time.</summary>
    public async Task<SearchAnswer> SearchAsync(SearchRequest request, TimeProvider time, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        var words = request.Query.Required.Concat(request.Query.Excluded)
            .ToLookup(word => LeafOfPartition(Words.PartitionOf(word, options.Partitions), request));
        var lists = await scatter.AskAsync<LeafWords>("postings", request.Leaves,
            leaf => Question("/postings", "word", words[leaf], request), request.Hedging, request.Deadline * 0.6, cancel);

        if (lists.All(r => r.Answer is null))
            return SearchAnswer.From(0, [], [.. request.Query.Required], SearchAnswer.TimingsOf(lists));
        var known = lists.Where(r => r.Answer is not null).SelectMany(r => r.Answer!.Words).ToDictionary(w => w.Key, w => w.Value.Unpack());
        string[] required = [.. request.Query.Required.Where(known.ContainsKey)];
        var page = Ranking.Top(
            [.. required.Select(word => new WordPostings(known[word], known[word].Count))],
            [.. request.Query.Excluded.Where(known.ContainsKey).Select(word => known[word])],
            lists.First(r => r.Answer is not null).Answer!.Corpus, request.K);

        var documents = page.Best.Select(r => $"{r.Document}")
            .ToLookup(document => LeafOfPartition(int.Parse(document) % options.Partitions, request));
        var texts = await scatter.AskAsync<List<Passage>>("passages", request.Leaves,
            leaf => Question("/passages", "document", documents[leaf], request),
            request.Hedging,
            request.Deadline * 0.9 - time.GetElapsedTime(began),
            cancel);
        var passages = texts.SelectMany(r => r.Answer ?? []).ToDictionary(p => p.Document);
        return SearchAnswer.From(page.Total,
            [.. page.Best.Where(r => passages.ContainsKey(r.Document)).Select(r => SearchResult.From(passages[r.Document], r.Score))],
            [.. words.SelectMany(w => w).Where(word => !known.ContainsKey(word)).Order(StringComparer.Ordinal)],
            SearchAnswer.TimingsOf(lists).Concat(SearchAnswer.TimingsOf(texts)));
    }

    private static int LeafOfPartition(int partition, SearchRequest request) => partition % request.Leaves + 1;

    private static string? Question(string path, string name, IEnumerable<string> values, SearchRequest request) => values.Any()
        ? path + QueryString.Create(
            [.. values.Select(value => KeyValuePair.Create(name, (string?)value)), new("leaves", $"{request.Leaves}")])
        : null;
}
