using Samples.Lab;
using Samples.Patterns.Pages;
using Xunit;

namespace Samples.Patterns;

/// <summary>Every experiment of the suite, run as a user runs it: real processes, real faults, and every claim must hold.</summary>
public sealed class ExperimentTests
{
    public static TheoryData<string> Patterns => [.. Lab.Experiments.All.Select(e => e.Pattern)];

    [Theory, MemberData(nameof(Patterns))]
    public async Task Every_claim_holds(string pattern)
    {
        Assert.Contains(CommandBlock.Read(PageOf(pattern)), b => b.Code.Contains(CommandBlock.TourOf(pattern) + "\n"));
        using var tour = new Tour(pattern);
        var record = await tour.RunAsync(TestContext.Current.CancellationToken);
        Assert.NotEmpty(record.Claims);
        var broken = record.Claims.Where(c => c.Held != true).ToList();
        // A claim that was not run has not held: nothing is missing on a machine that runs these tests, except perhaps a second processor.
        if (!broken.TrueForAll(c => c.Held is null && c.Reason == Claim.OneProcessor))
            Assert.Fail(tour.Explain(broken));
        Assert.Equal(0, tour.ExitCode);
        Assert.SkipWhen(broken.Count > 0, tour.Explain(broken));
    }

    private static string PageOf(string pattern) =>
        CommandBlock.Pages.Single(p => Path.GetFileName(Path.GetDirectoryName(p)) == pattern);
}
