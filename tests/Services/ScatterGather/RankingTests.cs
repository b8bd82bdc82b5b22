using CsCheck;
using Samples.SearchIndex;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class RankingTests
{
    private static readonly CorpusStatistics Corpus = new(100, 10);

    // A document's length, so that both lists agree on it.
    private static int LengthOf(int document) => 5 + document % 7;

    private static readonly Gen<PostingList> Lists = Gen.Int[0, 99].HashSet[0, 60].Select(documents =>
    {
        int[] sorted = [.. documents.Order()];
        return new PostingList(sorted, [.. sorted.Select(d => 1 + d % 3)], [.. sorted.Select(LengthOf)]);
    });

    [Fact]
    public void Ranking_finds_what_a_plain_loop_finds() => Gen.Select(
        Lists.Array[1, 4], Lists.Array[0, 2], Gen.Int[1, 20]).Sample((required, excluded, k) =>
    {
        var page = Top(required, excluded, k);
        var expected = Enumerable.Range(0, 100)
            .Where(d => required.All(l => l.Documents.Contains(d)) && !excluded.Any(l => l.Documents.Contains(d)))
            .Select(d => new Ranked(d, required.Sum(l => Ranking.Score(1 + d % 3, LengthOf(d), l.Count, Corpus)))).ToList();
        Assert.Equal(expected.Count, page.Total);
        Assert.Equal(expected.OrderByDescending(r => r.Score).ThenBy(r => r.Document).Take(k), page.Best);
    });

    [Fact]
    public void The_best_of_all_are_among_the_best_of_each_leaf() => Gen.Select(
        Lists.Array[1, 3], Gen.Int[1, 6], Gen.Int[1, 10]).Sample((required, leaves, k) =>
    {
        var whole = Top(required, [], k);
        RankedPage[] each = [.. Enumerable.Range(0, leaves).Select(leaf => Ranking.Top(
            [.. required.Select(l => new WordPostings(ShareOf(l, leaf, leaves), l.Count))], [], Corpus, k))];
        Assert.Equal(whole.Best, Ranking.Merge(each.Select(p => p.Best), r => r, k));
        Assert.Equal(whole.Total, each.Sum(p => p.Total));
    });

    [Fact]
    public void Of_equal_scores_the_lower_number_is_first()
    {
        var list = new PostingList([3, 10, 17], [1, 1, 1], [8, 8, 8]);
        Assert.Equal([3, 10], Top([list], [], 2).Best.Select(r => r.Document));
    }

    [Fact]
    public void A_posting_list_survives_the_way() => Lists.Sample(list =>
    {
        var arrived = LeafPostings.Pack(list).Unpack();
        Assert.Equal(list.Documents, arrived.Documents);
        Assert.Equal((list.Counts, list.Lengths), (arrived.Counts, arrived.Lengths));
    });

    private static RankedPage Top(PostingList[] required, PostingList[] excluded, int k) =>
        Ranking.Top([.. required.Select(l => new WordPostings(l, l.Count))], excluded, Corpus, k);

    private static PostingList ShareOf(PostingList list, int leaf, int leaves)
    {
        int[] own = [.. list.Documents.Where(d => d % leaves == leaf)];
        return new PostingList(own, [.. own.Select(d => 1 + d % 3)], [.. own.Select(LengthOf)]);
    }
}
