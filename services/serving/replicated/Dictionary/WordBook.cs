using System.Security.Cryptography;
using System.Text;
using Samples.ApiDocs;

namespace Samples.Dictionary;

/// <summary>One meaning of a word: an overload has the same name as another, and its own id.</summary>
public sealed record Meaning(string Id, MemberKind Kind, string Summary);

/// <summary>
/// The words in ordinal order, so that all with one prefix lie side by side: a look-up and a completion are each one binary search.
/// Built once, then only read: this is what makes the service stateless, and any replica as good as another.
/// </summary>
public sealed class WordBook
{
    private string[] _words = [];
    private Dictionary<string, Meaning[]> _meanings = [];

    /// <summary>False until the documentation has been read.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>The same in every replica that has the same documentation; the strong part of each answer's ETag.</summary>
    public string Edition { get; private set; } = "";

    /// <summary>How many words there are.</summary>
    public int Count => _words.Length;

    /// <summary>Takes the members in; done once, before <see cref="IsLoaded"/>.</summary>
    public void Load(IEnumerable<ApiMember> members)
    {
        _meanings = members.GroupBy(m => WordOf(m.Name), StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Select(m => new Meaning(m.Id, m.Kind, m.Summary)).ToArray(), StringComparer.Ordinal);
        _words = [.. _meanings.Keys.Order(StringComparer.Ordinal)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var meaning in _words.SelectMany(word => _meanings[word]))
            hash.AppendData(Encoding.UTF8.GetBytes($"{meaning.Id}\n{meaning.Summary}\n"));
        Edition = Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
        IsLoaded = true;
    }

    /// <summary>All meanings of a word, none where it is unknown. Case counts, as in C#.</summary>
    public IReadOnlyList<Meaning> Define(string word) => _meanings.GetValueOrDefault(word) ?? [];

    /// <summary>The first words in ordinal order that begin with the prefix.</summary>
    public IReadOnlyList<string> Complete(string prefix, int limit)
    {
        var first = Array.BinarySearch(_words, prefix, StringComparer.Ordinal);
        return [.. _words.Skip(first < 0 ? ~first : first).TakeWhile(w => w.StartsWith(prefix, StringComparison.Ordinal)).Take(limit)];
    }

    // System.String.Trim(System.Char) is one meaning of System.String.Trim.
    private static string WordOf(string name) => name.IndexOf('(') is var bracket and > 0 ? name[..bracket] : name;
}
