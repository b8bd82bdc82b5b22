using System.Text.RegularExpressions;

namespace Samples.Patterns.Pages;

/// <summary>A fenced block of shell commands on a page.</summary>
/// <param name="Page">The page's path in the checkout.</param>
/// <param name="Line">Where its first command stands.</param>
/// <param name="Code">The commands.</param>
/// <param name="NotRun">Why no test runs it, from the comment <c>&lt;!-- not run: REASON --&gt;</c> above it; null where one does.</param>
internal sealed partial record CommandBlock(string Page, int Line, string Code, string? NotRun)
{
    private const RegexOptions Lines = RegexOptions.Multiline | RegexOptions.Singleline;

    /// <summary>The README, the command's page, every pattern's page, and all below <c>docs</c>.</summary>
    public static IEnumerable<string> Pages
    {
        get
        {
            var docs = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "docs"), "*.md").Order(StringComparer.Ordinal);
            var patterns = Checkout.PatternFolders.Select(f => Path.Combine(f, "README.md")).Where(File.Exists);
            return [.. new[] { "README.md", "runtime/Samples.Cli/README.md" }, .. patterns.Concat(docs).Select(Checkout.RelativeTo)];
        }
    }

    /// <summary>
    /// Without the command that runs the page's own tour: <see cref="ExperimentTests"/> runs that, and tells claim by claim what did not
    /// hold.
    /// </summary>
    public CommandBlock WithoutTour()
    {
        var pattern = Path.GetFileName(Path.GetDirectoryName(Page)!);
        return this with { Code = Code.Replace(TourOf(pattern) + "\n", "") };
    }

    /// <summary>The command that a pattern's page runs its tour with.</summary>
    public static string TourOf(string pattern) => $"dotnet run --project runtime/Samples.Cli -- tour {pattern}";

    /// <summary>Whether a program stands where a command begins.</summary>
    public bool Uses(string program) => Regex.IsMatch(Code, $@"(^|[\s(;|]){program}\s", RegexOptions.Multiline);

    public static IReadOnlyList<CommandBlock> Read(string page)
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, page)).ReplaceLineEndings("\n");
        return [.. Fence().Matches(text).Select(Block)];

        CommandBlock Block(Match fence)
        {
            var code = fence.Groups["code"];
            var reason = fence.Groups["reason"];
            return new CommandBlock(page, text.AsSpan(0, code.Index).Count('\n') + 1, code.Value, reason.Success ? reason.Value : null);
        }
    }

    [GeneratedRegex(@"(?:^<!-- not run: (?<reason>[^\n]+) -->\n)?^```sh\n(?<code>.*?)^```$", Lines)]
    private static partial Regex Fence();
}
