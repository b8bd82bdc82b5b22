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
}
