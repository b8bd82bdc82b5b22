using Samples.ApiDocs;

namespace Samples.SearchIndex;

/// <summary>A document as a reader sees it.</summary>
public sealed record Passage(int Document, string Id, MemberKind Kind, string Summary);

/// <summary>A document that a leaf found among its own.</summary>
public sealed record LeafHit(Passage Passage, double Score);

/// <summary>Leaf sharding: the best documents of one leaf, and how many match there.</summary>
public sealed record LeafHits(int Total, IReadOnlyList<LeafHit> Best);

/// <summary>
/// Root distribution: a word's whole posting list, documents as gaps between their numbers because small numbers are short.
/// </summary>
public sealed record LeafPostings(int[] Gaps, int[] Counts, int[] Lengths)
{
    /// <summary>Packs a list for the way.</summary>
    public static LeafPostings Pack(PostingList list) =>
        new([.. list.Documents.Select((document, i) => i == 0 ? document : document - list.Documents[i - 1])], list.Counts, list.Lengths);

    /// <summary>The list that was packed.</summary>
    public PostingList Unpack()
    {
        var documents = new int[Gaps.Length];
        for (int i = 0, document = 0; i < documents.Length; i++)
            documents[i] = document += Gaps[i];
        return new PostingList(documents, Counts, Lengths);
    }
}

/// <summary>Root distribution: the posting lists that a leaf was asked for, by word, and what ranking must know of the corpus.</summary>
public sealed record LeafWords(CorpusStatistics Corpus, IReadOnlyDictionary<string, LeafPostings> Words);
