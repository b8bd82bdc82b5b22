using Samples.ApiDocs;

namespace Samples.Experiments.Replicated.Storm;

/// <summary>What the dictionary has to say, read from where it reads it: every answer can be checked.</summary>
internal sealed class Source
{
    private readonly Dictionary<string, (string Id, string Summary)[]> _meanings;
    private readonly string[] _words;

    private Source(Dictionary<string, (string Id, string Summary)[]> meanings)
    {
        _meanings = meanings;
        _words = [.. meanings.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>All words, in ordinal order.</summary>
    public IReadOnlyList<string> Words => _words;

    public static Source Read() => new(Corpus.Open().Read().GroupBy(m => m.Name.Split('(')[0], StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => g.Select(m => (m.Id, m.Summary)).ToArray(), StringComparer.Ordinal));

    /// <summary>Whether this is what the word means.</summary>
    public bool Says(string word, Definition answer) => answer.Word == word
        && _meanings[word].ToHashSet().SetEquals(answer.Meanings.Select(m => (m.Id, m.Summary)));

    /// <summary>Whether these are the first words that begin so.</summary>
    public bool Says(string prefix, int limit, Completions answer)
    {
        var first = Array.BinarySearch(_words, prefix, StringComparer.Ordinal);
        return answer.Prefix == prefix && answer.Words.SequenceEqual(_words.Skip(first < 0 ? ~first : first)
            .TakeWhile(w => w.StartsWith(prefix, StringComparison.Ordinal)).Take(limit));
    }
}

/// <summary>An answer to <c>/define</c>.</summary>
internal sealed record Definition(string Word, IReadOnlyList<Meaning> Meanings);

/// <summary>One of its meanings.</summary>
internal sealed record Meaning(string Id, string Summary);

/// <summary>An answer to <c>/complete</c>.</summary>
internal sealed record Completions(string Prefix, IReadOnlyList<string> Words);
