using CsCheck;
using Samples.SearchIndex;
using Xunit;

namespace Samples.Services.ScatterGather;

public sealed class SearchQueryTests
{
    [Theory]
    [InlineData("read stream", "read,stream", "")]
    [InlineData("  String.Trim(Char) ", "char,string,trim", "")]
    [InlineData("stream -async -task stream", "stream", "async,task")]
    [InlineData("list`1 near and or", "1,and,list,near,or", "")]
    [InlineData("half-open", "half,open", "")]
    public void A_query_is_words_to_have_and_words_to_exclude(string text, string required, string excluded)
    {
        var query = SearchQuery.Parse(text, out var problem);
        Assert.Equal("", problem);
        Assert.Equal((required, excluded), (string.Join(',', query!.Required), string.Join(',', query.Excluded)));
    }

    [Theory]
    [InlineData("caf\u00e9", "cafe\u0301")]
    [InlineData("\u1e69", "s\u0307\u0323")]
    [InlineData("\u212b", "a\u030a")]
    [InlineData("\u0130x", "I\u0307x")]
    [InlineData("\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8")]
    [InlineData("\uf900", "\u8c48")]
    [InlineData("co\u00adoperate", "cooperate")]
    public void Texts_that_are_canonically_equal_are_the_same_words(string one, string other) =>
        Assert.Equal(Words.In(one), Words.In(other));

    [Theory]
    [InlineData("これは日本語の文", "こ,れ,は,日,本,語,の,文")]
    [InlineData("ソフトウェアを書く", "ソフトウェア,を,書,く")]
    [InlineData("日本語Windows版", "日,本,語,windows,版")]
    [InlineData("が", "が")]
    [InlineData("\u304b\u3099ん", "が,ん")]
    [InlineData("½ cup, Ⅷ, x²", "½,cup,ⅷ,x²")]
    [InlineData("हिन्दी में", "हिन्दी,में")]
    [InlineData("שָׁלוֹם", "שָׁלוֹם")]
    [InlineData("한국어 문장", "한국어,문장")]
    [InlineData("น้ำ", "น้,ำ")]
    [InlineData("𠮷野家", "𠮷,野,家")]
    [InlineData("naïve Größe", "naïve,größe")]
    public void Words_are_what_they_are_in_each_script(string text, string words) =>
        Assert.Equal(words.Split(',').SelectMany(Words.In), Words.In(text));

    [Theory, InlineData("½"), InlineData("Ⅷ"), InlineData("日本語"), InlineData("हिन्दी"), InlineData("ไทย")]
    public void Any_script_can_be_asked_for(string text) => Assert.NotNull(SearchQuery.Parse(text, out _));

    [Theory, InlineData("हिन्दी", 1), InlineData("x²", 1), InlineData("日本語", 3), InlineData("\u0301", 0)]
    public void A_text_has_so_many_words(string text, int words) => Assert.Equal(words, Words.In(text).Count());

    [Theory]
    [InlineData(null, "empty")]
    [InlineData("", "empty")]
    [InlineData(" \t ", "empty")]
    [InlineData("++", "at least one word")]
    [InlineData("-stream", "at least one word")]
    [InlineData("stream -", "exactly one word")]
    [InlineData("stream -a.b", "exactly one word")]
    [InlineData("\"read stream\"", "quotes")]
    [InlineData("str*", "Wildcards")]
    [InlineData("this OR that", "OR is no operator")]
    [InlineData("a b c d e f g h i j k l m n o p q", "17 different words")]
    public void What_is_no_query_is_refused_with_the_reason(string? text, string reason)
    {
        Assert.Null(SearchQuery.Parse(text, out var problem));
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_characters_are_refused() => Assert.Null(SearchQuery.Parse(new string('a', 10_000), out _));

    [Fact]
    public void Any_text_is_a_query_or_a_problem() => Gen.String.Sample(text =>
    {
        var query = SearchQuery.Parse(text, out var problem);
        Assert.Equal(query is null, problem.Length > 0);
        if (query is null)
            return;
        Assert.InRange(query.Required.Count + query.Excluded.Count, 1, SearchQuery.MostWords);
        Assert.NotEmpty(query.Required);
        Assert.Equal(query.Required.Order(StringComparer.Ordinal).Distinct(), query.Required);
    });

    [Fact]
    public void Words_of_words_are_the_same_words() => Gen.String.Sample(text =>
    {
        string[] words = [.. Words.In(text)];
        Assert.All(words, w => Assert.InRange(w.Length, 1, Words.Longest));
        Assert.Equal(words, Words.In(string.Join(' ', words)));
    });

    [Fact]
    public void Words_are_spread_evenly_over_partitions()
    {
        int[] counts = [.. Enumerable.Range(0, 40_000).CountBy(i => Words.PartitionOf($"word{i}", 4)).Select(c => c.Value)];
        Assert.Equal(4, counts.Length);
        Assert.All(counts, c => Assert.InRange(c, 9_000, 11_000));
    }
}
