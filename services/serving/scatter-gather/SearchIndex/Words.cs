using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;

namespace Samples.SearchIndex;

/// <summary>
/// Text as words. Documents and queries are split by the same rule; otherwise a word could be in the index and never be found.
/// </summary>
public static class Words
{
    /// <summary>Longer words are cut to this many characters.</summary>
    public const int Longest = 64;

    /// <summary>
    /// The words in the order of the text: <c>String.Trim(Char)</c> is three. A word is a run of letters and numbers of any kind
    /// (<c>Ⅷ</c>, <c>½</c>) with the marks that belong to them, in lower case; what is equal to Unicode (NFC) is one word. Where a script
    /// has no spaces between words (Chinese, Japanese, Thai) each character is a word, as in UAX 29.
    /// </summary>
    public static IEnumerable<string> In(string text)
    {
        var word = new StringBuilder();
        foreach (var character in text.EnumerateRunes())
        {
            var kind = KindOf(character);
            if (kind == Kind.Ignored || (kind == Kind.Mark && word.Length == 0))
                continue;
            // What stands alone ends the word before it; its marks follow, and then anything that is no mark begins another.
            if (word.Length > 0 && (kind is Kind.Other or Kind.Alone || (kind == Kind.Part && StandsAlone(word))))
            {
                yield return Finish(word);
                word.Clear();
            }

            if (kind != Kind.Other)
                word.Append(character);
        }

        if (word.Length > 0)
            yield return Finish(word);
    }

    private enum Kind
    {
        /// <summary>Between words.</summary>
        Other,

        /// <summary>Letters and numbers.</summary>
        Part,

        /// <summary>Belongs to what is before it.</summary>
        Mark,

        /// <summary>A word by itself.</summary>
        Alone,

        /// <summary>Says how a word is broken or joined on paper, and is no part of it.</summary>
        Ignored,
    }

    private static Kind KindOf(Rune character)
    {
        if (character.IsAscii)
            return Rune.IsLetterOrDigit(character) ? Kind.Part : Kind.Other;
        // Soft hyphen, joiners, word joiner, byte order mark.
        if (character.Value is 0xAD or 0x200C or 0x200D or 0x2060 or 0xFEFF)
            return Kind.Ignored;
        return Rune.GetUnicodeCategory(character) switch
        {
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Kind.Mark,
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => HasNoSpaces(character.Value) ? Kind.Alone : Kind.Part,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber =>
                HasNoSpaces(character.Value) ? Kind.Alone : Kind.Part,
            _ => Kind.Other,
        };
    }

    // UAX 29 and UAX 14 (class SA): ideographs, Hiragana, and the scripts of South East Asia. Katakana makes runs, and Hangul has spaces.
    private static bool HasNoSpaces(int character) => character is (>= 0x0E01 and <= 0x0E4E) or (>= 0x0E81 and <= 0x0ECE)
        or (>= 0x1000 and <= 0x103F) or (>= 0x1050 and <= 0x108F) or (>= 0x1780 and <= 0x17D3)
        or (>= 0x1950 and <= 0x19DF) or (>= 0x1A20 and <= 0x1AAD)
        or (>= 0x3005 and <= 0x3007) or (>= 0x3021 and <= 0x3029) or (>= 0x3041 and <= 0x309F)
        or (>= 0x3400 and <= 0x4DBF) or (>= 0x4E00 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);

    private static bool StandsAlone(StringBuilder word)
    {
        Rune.DecodeFromUtf16(word.ToString(0, Math.Min(2, word.Length)), out var first, out _);
        return KindOf(first) == Kind.Alone;
    }

    // By a library's tables: without ICU, which not every machine has, .NET's own Normalize changes nothing.
    private static string Finish(StringBuilder runes)
    {
        var word = runes.ToString();
        if (Ascii.IsValid(word))
            return Cut(word).ToLowerInvariant();
        // Lower case first would part what is equal: a capital I with a dot is one character or two. It may also leave what is not
        // composed.
        return Cut(ENSNormalize.NF.NFC(ENSNormalize.NF.NFC(word).ToLowerInvariant()));
    }

    private static string Cut(string word)
    {
        if (word.Length <= Longest)
            return word;
        return word[..(char.IsHighSurrogate(word[Longest - 1]) ? Longest - 1 : Longest)];
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
