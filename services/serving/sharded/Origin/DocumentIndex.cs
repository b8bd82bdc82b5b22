using System.Runtime.InteropServices;
using Samples.ApiDocs;

namespace Samples.Origin;

/// <summary>A document as it is read.</summary>
/// <param name="Id">A documentation id, or any other name.</param>
/// <param name="Summary">What it says.</param>
/// <param name="Version">0 until somebody edits it.</param>
public sealed record Document(string Id, string Summary, long Version)
{
    /// <summary>What it is found by.</summary>
    public HashSet<string> Words() => Origin.Words.Of($"{Id} {Summary}");

    /// <summary>The order of results: the shortest says most in few words.</summary>
    public static int Compare(Document one, Document other) =>
        one.Summary.Length.CompareTo(other.Summary.Length) is var byLength and not 0 ? byLength : string.CompareOrdinal(one.Id, other.Id);
}

/// <summary>The documents as they were delivered, and for each word the documents that have it, in the order of results.</summary>
public sealed class DocumentIndex
{
    private readonly Document[] _documents;
    private readonly Dictionary<string, int> _places;
    private readonly Dictionary<string, List<int>> _postings = new(StringComparer.Ordinal);

    /// <summary>Reads everything; takes a moment.</summary>
    public DocumentIndex(IEnumerable<ApiMember> members)
    {
        _documents = [.. members.Where(m => m.Summary.Length > 0).Select(m => new Document(m.Id, m.Summary, 0))];
        Array.Sort(_documents, Document.Compare);
        _places = _documents.Index().ToDictionary(d => d.Item.Id, d => d.Index, StringComparer.Ordinal);
        foreach (var (place, document) in _documents.Index())
        {
            foreach (var word in document.Words())
                (CollectionsMarshal.GetValueRefOrAddDefault(_postings, word, out _) ??= []).Add(place);
        }
    }

    /// <summary>How many documents there are.</summary>
    public int Count => _documents.Length;

    /// <summary>A document; null where there is none.</summary>
    public Document? Find(string id) => _places.TryGetValue(id, out var place) ? _documents[place] : null;

    /// <summary>All documents that have all words, in the order of results.</summary>
    public IEnumerable<Document> Search(IReadOnlyCollection<string> words)
    {
        var lists = words.Select(word => _postings.GetValueOrDefault(word) ?? []).OrderBy(list => list.Count).ToList();
        // The rarest word says where to look; the others are looked up.
        return lists[0].Where(place => lists.Skip(1).All(list => list.BinarySearch(place) >= 0)).Select(place => _documents[place]);
    }
}
