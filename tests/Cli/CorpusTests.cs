using Xunit;

namespace Samples.Cli.Tests;

/// <summary>
/// Templates and components as other people have them, a folder for each thing that one stumbles over. What Dapr passes over starts, and
/// the cure is told; the twin of each has a real mistake, and is refused with file, line and cure. What is to be said stands at the top of
/// each template.
/// </summary>
public sealed class CorpusTests
{
    private static readonly string Corpus =
        Path.GetFullPath(Path.Combine(Checkout.Artifacts, "..", "..", "tests", "Cli", "Corpus"));

    public static TheoryData<string> Cases =>
        [.. Directory.EnumerateDirectories(Corpus).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task It_starts_and_its_twin_with_a_mistake_is_refused(string folder)
    {
        await using (var starts = await CorpusRun.CopyAsync(Path.Combine(Corpus, folder, "starts")))
        {
            await starts.StartAsync();
            await starts.AnswersAsync();
            // All of it, and nothing else.
            Assert.Equal(starts.Expected("has"), await starts.ComponentsAsync());
            var said = starts.Expected("says");
            foreach (var line in said)
                Assert.True(starts.Said.Any(s => s.Contains(line, StringComparison.Ordinal)), $"'{line}' is missing in:\n{starts.Told}");
            Assert.True(said.Count == starts.Said.Count, $"said:\n{starts.Told}");
        }

        await using var mistake = await CorpusRun.CopyAsync(Path.Combine(Corpus, folder, "mistake"));
        var error = await Assert.ThrowsAsync<Samples.Runtime.Resources.ResourceException>(mistake.StartAsync);
        var refused = mistake.Expected("refused");
        Assert.NotEmpty(refused);
        Assert.All(refused, line => Assert.Contains(line, error.Message));
        Assert.Equal(refused.Count, error.Message.Split('\n').Length);
    }
}
