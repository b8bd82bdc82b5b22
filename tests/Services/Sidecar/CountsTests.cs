using CsCheck;
using Samples.LogStore;
using Xunit;

namespace Samples.Services.SidecarPattern;

public sealed class CountsTests
{
    [Fact]
    public void Each_line_counts_once_in_whatever_order_and_however_often_it_comes() =>
        Gen.Select(Gen.Int[1, 9].Array[1, 60], Gen.Int[0, 1000]).Sample((lengths, seed) =>
        {
            var at = 0L;
            var lines = lengths.Select(length => Line(at, at += length)).ToList();
            var order = lines.Concat(lines).ToArray();
            new Random(seed).Shuffle(order);
            var counts = new Counts();
            foreach (var line in order)
                counts.Add(line, mostPaths: 10);
            // All of a file is one range in the end.
            return counts.Events == lines.Count && counts.Duplicates == lines.Count && counts.ByPath["/a"] == lines.Count
                && counts.Files.Single().Value.SequenceEqual([new Counted(0, at)]);
        });

    [Fact]
    public void Paths_beyond_the_limit_are_counted_as_one()
    {
        var counts = new Counts();
        for (var i = 0; i < 5; i++)
            counts.Add(Line(i, i + 1, $"/{i}"), mostPaths: 3);
        Assert.Equal(["(other)", "/0", "/1", "/2"], counts.ByPath.Keys.Order());
        Assert.Equal(2, counts.ByPath["(other)"]);
    }

    [Theory]
    [InlineData(null, 0L, 1L, false)]
    [InlineData("f", -1L, 1L, false)]
    [InlineData("f", 5L, 5L, false)]
    [InlineData("f", 5L, 6L, true)]
    public void What_cannot_be_counted_says_why(string? file, long offset, long end, bool isGood) =>
        Assert.Equal(isGood, new LogEvent($"{file}:{offset}", file, offset, end, null).Problem is null);

    private static LogEvent Line(long from, long to, string path = "/a") => new($"f:{from}", "f", from, to, new AccessFields(path, 200, 1));
}
