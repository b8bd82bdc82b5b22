namespace Samples.SearchIndex;

/// <summary>The documents that have a word, in rising order, with what ranking needs of each. The three arrays run in step.</summary>
/// <param name="Documents">Numbers of documents.</param>
/// <param name="Counts">How often the word is in the document.</param>
/// <param name="Lengths">How many words the document has.</param>
public sealed record PostingList(int[] Documents, int[] Counts, int[] Lengths)
{
    /// <summary>No document has the word.</summary>
    public static PostingList Empty { get; } = new([], [], []);

    /// <summary>How many documents have the word.</summary>
    public int Count => Documents.Length;

    /// <summary>One list out of several that share no document.</summary>
    public static PostingList Union(IReadOnlyList<PostingList> lists)
    {
        if (lists.Count == 1)
            return lists[0];
        int[] documents = [.. lists.SelectMany(l => l.Documents)], order = [.. Enumerable.Range(0, documents.Length)];
        Array.Sort(documents, order);
        int[] counts = [.. lists.SelectMany(l => l.Counts)], lengths = [.. lists.SelectMany(l => l.Lengths)];
        return new PostingList(documents, [.. order.Select(i => counts[i])], [.. order.Select(i => lengths[i])]);
    }
}
