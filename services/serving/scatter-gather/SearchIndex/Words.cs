namespace Samples.SearchIndex;

/// <summary>
/// Text as words. Documents and queries are split by the same rule; otherwise a word could be in the index and never be found.
/// </summary>
public static class Words
{
    /// <summary>Longer words are cut to this many characters.</summary>
    public const int Longest = 64;

    /// <summary>Runs of letters and digits in lower case, in the order of the text: <c>String.Trim(Char)</c> is three words.</summary>
    public static IEnumerable<string> In(string text)
    {
        for (var start = 0; start < text.Length; start++)
        {
            if (!char.IsLetterOrDigit(text[start]))
                continue;
            var end = start + 1;
            while (end < text.Length && char.IsLetterOrDigit(text[end]))
                end++;
            yield return text[start..Math.Min(end, start + Longest)].ToLowerInvariant();
            start = end;
        }
    }

    /// <summary>
    /// Which of <paramref name="partitions"/> parts of the vocabulary a word belongs to: FNV-1a, the same in every process.
    /// </summary>
    public static int PartitionOf(string word, int partitions)
    {
        var hash = 2166136261u;
        foreach (var character in word)
            hash = (hash ^ character) * 16777619u;
        // The low bits of FNV-1a depend on the low bits of the characters alone; folding mixes the high ones in.
        return (int)((hash ^ (hash >> 16)) % (uint)partitions);
    }
}
