using Samples.SearchIndex;

namespace Samples.SearchLeaf;

/// <summary>
/// What one leaf holds: of <c>n</c> leaves, leaf <c>i</c> has every n-th partition. The number of leaves comes with each question, so
/// that the same index can be asked as if there were fewer leaves with more to do each.
/// </summary>
public sealed class LeafIndex(LeafOptions options)
{
    private Partition[] _partitions = [];

    /// <summary>True when questions can be answered.</summary>
    public bool IsLoaded => Volatile.Read(ref _partitions).Length > 0;

    /// <summary>Opens the partitions in a folder.</summary>
    public void Load(string folder) =>
        Volatile.Write(ref _partitions, [.. Enumerable.Range(0, options.Partitions).Select(number => new Partition(folder, number))]);

    /// <summary>Leaf sharding: the best of this leaf's documents.</summary>
    public LeafHits Search(IReadOnlyList<string> required, IReadOnlyList<string> excluded, int k, int leaves, CancellationToken cancel)
    {
        LeafHits[] answers = [.. Held(leaves).Select(partition => partition.Search(required, excluded, k, cancel))];
        return new LeafHits(
            answers.Sum(a => a.Total), Ranking.Merge(answers.Select(a => a.Best), hit => new Ranked(hit.Passage.Document, hit.Score), k));
    }

    /// <summary>Root distribution: the whole posting lists of words that this leaf has; the list of any other word is empty.</summary>
    public LeafWords Postings(IReadOnlyList<string> words, int leaves, CancellationToken cancel)
    {
        var held = Held(leaves);
        return new LeafWords(
            held[0].Corpus, words.Distinct().ToDictionary(word => word, word => LeafPostings.Pack(ListOf(held, word, cancel))));
    }

    /// <summary>Those of the documents that this leaf holds.</summary>
    public IReadOnlyList<Passage> Passages(IReadOnlyList<int> documents, int leaves) =>
        [.. Held(leaves).SelectMany(partition => partition.Passages(documents))];

    private PostingList ListOf(IReadOnlyList<Partition> held, string word, CancellationToken cancel) =>
        held.Contains(_partitions[Words.PartitionOf(word, options.Partitions)])
            ? _partitions[Words.PartitionOf(word, options.Partitions)].WholeList(word, cancel)
            : PostingList.Empty;

    private IReadOnlyList<Partition> Held(int leaves) =>
        [.. Volatile.Read(ref _partitions).Where((_, number) => number % leaves == options.Leaf - 1)];
}
