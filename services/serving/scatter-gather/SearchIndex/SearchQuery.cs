namespace Samples.SearchIndex;

/// <summary>A question: documents that have all of some words and none of others.</summary>
/// <param name="Required">Each word once, in ordinal order, so that scores are summed in one order everywhere.</param>
/// <param name="Excluded">Each word once, in ordinal order.</param>
public sealed record SearchQuery(IReadOnlyList<string> Required, IReadOnlyList<string> Excluded)
{
    /// <summary>A longer text is refused.</summary>
    public const int LongestText = 1000;

    /// <summary>More different words are refused.</summary>
    public const int MostWords = 16;

    private static readonly string[] Operators = ["AND", "OR", "NOT", "NEAR"];

    /// <summary>
    /// Reads <c>read stream -async</c>. Returns null and a sentence for the person who typed it where the text is no query: it is empty
    /// or too long, it uses what other search engines have and this one does not, or it only excludes.
    /// </summary>
    public static SearchQuery? Parse(string? text, out string problem)
    {
        problem = Check(text);
        if (problem.Length > 0)
            return null;
        var (required, excluded) = (new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        foreach (var part in text!.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = [.. Words.In(part)];
            if (part[0] != '-')
                required.UnionWith(words);
            else if (words.Length == 1)
                excluded.Add(words[0]);
            else
                problem = $"'{part}' must exclude exactly one word: write '-word'.";
        }

        if (problem.Length == 0 && required.Count == 0)
            problem = "Nothing is asked for: give at least one word that documents must have.";
        if (problem.Length == 0 && required.Count + excluded.Count > MostWords)
            problem = $"There are {required.Count + excluded.Count} different words; at most {MostWords} are allowed.";
        return problem.Length == 0 ? new SearchQuery([.. required], [.. excluded]) : null;
    }

    private static string Check(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return "The query is empty: give at least one word.";
        if (text.Length > LongestText)
            return $"The query has {text.Length} characters; at most {LongestText} are allowed.";
        if (text.AsSpan().IndexOfAny('"', '*') is var at and >= 0)
            return text[at] == '"'
                ? "Phrases in quotes are not understood; leave the quotes out."
                : "Wildcards are not understood; write whole words.";
        return text.Split((char[]?)null).FirstOrDefault(Operators.Contains) is { } word
            ? $"{word} is no operator here: every word is required, and '-word' excludes one."
            : "";
    }
}
