using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Patterns;

/// <summary>A pattern's page has the parts that all have, and what it points at is there.</summary>
public sealed partial class PageTests
{
    private static readonly string[] Parts =
    [
        "The problem", "Run it", "Watch it", "Break it", "How it works", "What Dapr does and what the code does",
        "When to use it, and when not", "Trade-offs", "In production", "Measured", "Related patterns",
    ];

    // A pattern under construction has no page yet; one with a page has all of it.
    public static TheoryData<string> Pages =>
        [.. Checkout.PatternFolders.Select(f => Path.Combine(f, "README.md")).Where(File.Exists).Select(Checkout.RelativeTo)];

    [Theory, MemberData(nameof(Pages))]
    public void A_page_begins_with_the_promise_and_a_picture(string page)
    {
        var lines = File.ReadAllLines(Path.Combine(Checkout.Root, page)).Where(l => l.Length > 0).ToList();
        Assert.StartsWith("# ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("> ", lines[1], StringComparison.Ordinal);
        Assert.Equal("```mermaid", lines[2]);
    }

    [Theory, MemberData(nameof(Pages))]
    public void A_page_has_all_parts_in_order(string page)
    {
        var headings = File.ReadLines(Path.Combine(Checkout.Root, page)).Where(l => l.StartsWith("## ", StringComparison.Ordinal));
        Assert.Equal(Parts, headings.Select(l => l[3..]));
    }

    // [`Name`](File.cs#L12): the line moves with every edit, so that it must still speak of what the link names.
    [Theory, MemberData(nameof(Pages))]
    public void Links_lead_to_what_they_name(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Checkout.Root, page))!;
        var broken = new List<string>();
        foreach (Match link in Link().Matches(File.ReadAllText(Path.Combine(Checkout.Root, page))))
        {
            var path = Path.Combine(folder, link.Groups["path"].Value);
            var name = link.Groups["name"].Value.Trim('`');
            if (!File.Exists(path) && !Directory.Exists(path))
                broken.Add($"{link.Value}: there is no such file");
            else if (link.Groups["line"] is { Success: true } line && !Speaks(path, int.Parse(line.Value), name))
                broken.Add($"{link.Value}: that line does not speak of it; it is in line {LineOf(path, name)}");
        }

        Assert.Empty(broken);
    }

    private static bool Speaks(string path, int line, string name) =>
        File.ReadLines(path).ElementAtOrDefault(line - 1)?.Contains(name, StringComparison.Ordinal) == true;

    private static string LineOf(string path, string name)
    {
        var lines = File.ReadLines(path).Index().Where(l => l.Item.Contains(name, StringComparison.Ordinal));
        return string.Join(" or ", lines.Select(l => l.Index + 1));
    }

    [GeneratedRegex(@"\[(?<name>[^\]]+)\]\((?!https?://|#)(?<path>[^)#\s]+)(#L(?<line>\d+))?\)")]
    private static partial Regex Link();
}
