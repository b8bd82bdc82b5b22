using Xunit;

namespace Samples.Deploy;

/// <summary>A line of C# that does not fit beside another file on a screen does several things, and is several lines.</summary>
public sealed class LineTests
{
    private const int Longest = 140;

    // All that is written by hand: what builds make is in artifacts.
    private static readonly string[] Folders = ["runtime", "services", "tests"];

    [Fact]
    public void No_line_is_longer_than_can_be_read()
    {
        var files = Folders.SelectMany(f => Directory.EnumerateFiles(Checkout.Full(f), "*.cs", SearchOption.AllDirectories));
        Assert.Empty(files.SelectMany(TooLong));
    }

    private static IEnumerable<string> TooLong(string file) => File.ReadLines(file).Index().Where(l => l.Item.Length > Longest)
        .Select(l => $"{Path.GetRelativePath(Checkout.Root, file)}:{l.Index + 1} has {l.Item.Length} characters");
}
