namespace Samples.Origin;

/// <summary>What a text is found by: runs of letters and digits, in small letters, each once.</summary>
public static class Words
{
    private const int Longest = 64;

    /// <summary>The words of a text. Of a longer one only its beginning counts.</summary>
    public static HashSet<string> Of(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        for (var (start, at) = (0, 0); at <= text.Length; at++)
        {
            if (at < text.Length && char.IsLetterOrDigit(text[at]))
                continue;
            if (at > start)
                words.Add(text[start..Math.Min(at, start + Longest)].ToLowerInvariant());
            start = at + 1;
        }

        return words;
    }
}
