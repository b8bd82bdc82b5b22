namespace Samples.SearchIndex;

/// <summary>A document's place: the higher the score the better, and of equal ones the lower number first.</summary>
public readonly record struct Ranked(int Document, double Score)
{
    /// <summary>The order of every answer.</summary>
    public static IComparer<Ranked> BestFirst { get; } =
        Comparer<Ranked>.Create((a, b) => b.Score.CompareTo(a.Score) is var byScore and not 0 ? byScore : a.Document.CompareTo(b.Document));
}

/// <summary>A word's posting list, whole or a leaf's share of it, and in how many documents of the whole corpus the word is.</summary>
public sealed record WordPostings(PostingList Postings, int DocumentFrequency);

/// <summary>What BM25 must know of the whole corpus. A leaf that used its own share's numbers would rank unlike its neighbours.</summary>
public sealed record CorpusStatistics(int Documents, double MeanLength);

/// <summary>The best of all that match.</summary>
public sealed record RankedPage(int Total, IReadOnlyList<Ranked> Best);

/// <summary>
/// Intersects posting lists and ranks what is left by BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009). Both
/// modes of the pattern run exactly this: leaf sharding on every leaf over short lists, root distribution on the root over whole ones.
/// </summary>
public static class Ranking
{
    private const double K1 = 1.2, B = 0.75;
    private static readonly IComparer<Ranked> WorstFirst = Comparer<Ranked>.Create((a, b) => Ranked.BestFirst.Compare(b, a));

    /// <summary>The <paramref name="k"/> best documents that are in all required lists and in no excluded one.</summary>
    public static RankedPage Top(IReadOnlyList<WordPostings> required, IReadOnlyList<PostingList> excluded, CorpusStatistics corpus, int k)
    {
        var best = new PriorityQueue<Ranked, Ranked>(WorstFirst);
        var total = 0;
        foreach (var (document, score) in Matches(required, excluded, corpus))
        {
            total++;
            var ranked = new Ranked(document, score);
            if (best.Count < k)
                best.Enqueue(ranked, ranked);
            else
                best.EnqueueDequeue(ranked, ranked);
        }

        return new RankedPage(total, [.. best.UnorderedItems.Select(i => i.Element).Order(Ranked.BestFirst)]);
    }

    /// <summary>The gather step of leaf sharding: scores are comparable, so the best of all are among the best of each.</summary>
    public static IReadOnlyList<T> Merge<T>(IEnumerable<IReadOnlyList<T>> answers, Func<T, Ranked> rank, int k) =>
        [.. answers.SelectMany(a => a).OrderBy(rank, Ranked.BestFirst).Take(k)];

    /// <summary>What a word is worth in a document.</summary>
    public static double Score(int count, int length, int documentFrequency, CorpusStatistics corpus)
    {
        var rarity = Math.Log(1 + (corpus.Documents - documentFrequency + 0.5) / (documentFrequency + 0.5));
        return rarity * count * (K1 + 1) / (count + K1 * (1 - B + B * length / corpus.MeanLength));
    }

    // Walks the shortest list and looks each document up in the others, whose cursors only move forward.
    private static IEnumerable<Ranked> Matches(
        IReadOnlyList<WordPostings> required, IReadOnlyList<PostingList> excluded, CorpusStatistics corpus)
    {
        if (required.Count == 0)
            yield break;
        var cursors = new int[required.Count];
        var barred = new int[excluded.Count];
        foreach (var document in required.MinBy(w => w.Postings.Count)!.Postings.Documents)
        {
            var isMatch = true;
            for (var i = 0; isMatch && i < required.Count; i++)
                isMatch = Seek(required[i].Postings.Documents, ref cursors[i], document);
            for (var i = 0; isMatch && i < excluded.Count; i++)
                isMatch = !Seek(excluded[i].Documents, ref barred[i], document);
            if (!isMatch)
                continue;
            double score = 0;
            for (var i = 0; i < required.Count; i++)
            {
                var (postings, frequency) = required[i];
                score += Score(postings.Counts[cursors[i]], postings.Lengths[cursors[i]], frequency, corpus);
            }

            yield return new Ranked(document, score);
        }
    }

    private static bool Seek(int[] documents, ref int cursor, int document)
    {
        var found = Array.BinarySearch(documents, cursor, documents.Length - cursor, document);
        cursor = found >= 0 ? found : ~found;
        return found >= 0;
    }
}
