using System.Text.RegularExpressions;
using Xunit;

namespace Samples.Patterns.Pages;

/// <summary>
/// Every block of commands on a page is run as it stands, in order, in a copy of the checkout; what runs until Ctrl-C gets it at the end.
/// Only a pattern's tour is run elsewhere: <see cref="ExperimentTests"/>.
/// </summary>
public sealed partial class CommandTests(PageCheckout copy) : IClassFixture<PageCheckout>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    // What no test runs, and why. A reason that is not here is none.
    private static readonly string[] Reasons =
    [
        "needs Docker", "needs nginx", "needs a Kubernetes cluster", "needs the Dapr CLI", "needs daprd and Kafka",
        "takes minutes on a quiet machine", "takes ten minutes", "would run this test itself",
    ];

    // What a page may use beside the SDK, and the package that has it.
    private static readonly Dictionary<string, string> Packages = new()
    {
        ["curl"] = "curl", ["redis-cli"] = "redis-tools", ["redis-benchmark"] = "redis-tools", ["python3"] = "python3", ["jq"] = "jq",
        ["socat"] = "socat",
    };

    public static TheoryData<string> Pages => [.. CommandBlock.Pages.Where(p => CommandBlock.Read(p).Any(b => b.NotRun is null))];

    [Theory, MemberData(nameof(Pages))]
    public async Task The_commands_of_a_page_work_in_their_order(string page)
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The commands of pages are written for a shell of Unix.");
        var blocks = CommandBlock.Read(page).Where(b => b.NotRun is null).Select(b => b.WithoutTour()).ToList();
        foreach (var (program, package) in Packages.Where(p => blocks.Any(b => b.Uses(p.Key))))
            Assert.SkipUnless(Path.IsPathRooted(PageCheckout.Find(program)), $"{program} is not installed (package {package}).");
        try
        {
            foreach (var block in blocks)
            {
                var (exitCode, output) = await copy.RunAsync(block, Limit, cancel);
                var what = $"{page}:{block.Line} ended with {exitCode}";
                // Said at the end as well: the logs between are long.
                Assert.True(exitCode == 0, $"{what}\n{block.Code}\n{output}\n{what}");
            }
        }
        finally
        {
            var (exitCode, output) = await copy.InterruptAsync(Limit, CancellationToken.None);
            Assert.True(exitCode == 0, $"What {page} started did not end in order:\n{output}");
        }
    }

    [Fact]
    public void What_is_not_run_says_why()
    {
        var reasons = CommandBlock.Pages.SelectMany(CommandBlock.Read).Select(b => b.NotRun).OfType<string>();
        Assert.All(reasons, r => Assert.Contains(r, Reasons));
    }

    [Fact]
    public void Commands_stand_in_blocks_that_are_run()
    {
        foreach (var page in CommandBlock.Pages)
            Assert.Empty(Elsewhere().Matches(File.ReadAllText(Path.Combine(Checkout.Root, page))).Select(m => $"{page}: {m.Value.Trim()}"));
    }

    // An indented block, and a fence with another name for a shell.
    [GeneratedRegex(@"^    (\./samples|dotnet|docker|kubectl|curl|dapr|cp|kill) .*$|^```(bash|shell|console)$", RegexOptions.Multiline)]
    private static partial Regex Elsewhere();
}
