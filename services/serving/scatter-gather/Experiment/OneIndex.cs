using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Samples.ApiDocs;

namespace Samples.Experiments.ScatterGather;

/// <summary>
/// The oracle: one index over everything, in memory, in the plainest way, sharing nothing with the services but the documents. It says
/// what any number of leaves must answer.
/// </summary>
internal sealed partial class OneIndex
{
    private readonly IReadOnlyList<ApiMember> _documents;
    private readonly int[] _lengths;
    private readonly Dictionary<string, Dictionary<int, int>> _postings = new(StringComparer.Ordinal);
    private readonly double _meanLength;
    private readonly string[] _words;

    public OneIndex(IReadOnlyList<ApiMember> documents)
    {
        _documents = documents;
        _lengths = new int[documents.Count];
        for (var document = 0; document < documents.Count; document++)
        {
            foreach (var word in WordsOf(document))
            {
                _lengths[document]++;
                if (!_postings.TryGetValue(word, out var counts))
                    _postings[word] = counts = [];
                CollectionsMarshal.GetValueRefOrAddDefault(counts, document, out _)++;
            }
        }

        _meanLength = _lengths.Average();
        _words = [.. _postings.Keys.Order(StringComparer.Ordinal)];
    }

    public int Documents => _documents.Count;

    /// <summary>Words of one document, so that something is found, or of the whole vocabulary, so that often nothing is.</summary>
    public string RandomQuery(Random random)
    {
        var count = random.Next(1, 5);
        string[] from = random.Next(4) == 0 ? _words : [.. WordsOf(random.Next(Documents))];
        var query = string.Join(' ', random.GetItems(from, count));
        // Of a document, not of the vocabulary: most of its words are so rare that leaving them out changes nothing.
        return random.Next(6) == 0 ? $"{query} -{random.GetItems([.. WordsOf(random.Next(Documents))], 1)[0]}" : query;
    }

    /// <summary>The words in most documents: the longest posting lists, the hardest query.</summary>
    public string MostFrequent(int count) =>
        string.Join(' ', _postings.OrderByDescending(p => p.Value.Count).Take(count).Select(p => p.Key));

    /// <summary>The k best of the documents that are not <paramref name="leftOut"/>, and how many match.</summary>
    public (int Total, IReadOnlyList<FoundDocument> Best) Search(string query, int k, Func<int, bool>? leftOut = null)
    {
        var parts = query.Split(' ').ToLookup(p => p[0] == '-', p => p.TrimStart('-'));
        string[] words = [.. parts[false].Distinct().Order(StringComparer.Ordinal)];
        if (!words.All(_postings.ContainsKey))
            return (0, []);
        var matches = _postings[words.MinBy(w => _postings[w].Count)!].Keys
            .Where(d => words.All(w => Has(d, w)) && !parts[true].Any(w => Has(d, w)) && leftOut?.Invoke(d) != true)
            .Select(d => (Document: d, Score: words.Sum(w => Bm25(w, d))))
            .ToList();
        var best = matches.OrderByDescending(m => m.Score).ThenBy(m => m.Document).Take(k);
        return (matches.Count, [.. best.Select(m => new FoundDocument(_documents[m.Document].Id, m.Score))]);
    }

    /// <summary>
    /// True where an answer is this index's answer: the same number, the same documents in the same order, the same scores.
    /// </summary>
    public bool Agrees(FoundPage? page, string query, int k, Func<int, bool>? leftOut = null)
    {
        var (total, best) = Search(query, k, leftOut);
        return page is not null && page.Total == total && page.Results.Length == best.Count
            && page.Results.Zip(best).All(pair => pair.First.Id == pair.Second.Id && Math.Abs(pair.First.Score - pair.Second.Score) < 1e-9);
    }

    private bool Has(int document, string word) => _postings.TryGetValue(word, out var counts) && counts.ContainsKey(document);

    private double Bm25(string word, int document)
    {
        var (frequency, count) = (_postings[word].Count, _postings[word][document]);
        return Math.Log(1 + (Documents - frequency + 0.5) / (frequency + 0.5))
            * (count * 2.2) / (count + 1.2 * (0.25 + 0.75 * _lengths[document] / _meanLength));
    }

    private IEnumerable<string> WordsOf(int document) =>
        Word().Matches($"{_documents[document].Name} {_documents[document].Summary}")
            .Select(m => m.Value.Length > 64 ? m.Value[..64] : m.Value)
            .Select(w => w.ToLowerInvariant());

    [GeneratedRegex(@"[\p{L}\p{Nd}]+")]
    private static partial Regex Word();
}
