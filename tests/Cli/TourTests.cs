using System.Text.Json;
using Samples.Cli.Commands;
using Samples.Lab;
using Spectre.Console;
using Xunit;

namespace Samples.Cli.Tests;

/// <summary><c>samples tour</c> around its experiments; the claims themselves are tested with the patterns.</summary>
public sealed class TourTests
{
    [Fact]
    public async Task Ctrl_C_in_the_middle_leaves_nothing_behind()
    {
        await using var checkout = new Checkout();
        var real = Path.GetFullPath(Path.Combine(Checkout.Artifacts, "..", ".."));
        Directory.CreateDirectory(Path.Combine(checkout.Root, "services", "batch"));
        foreach (var path in new[] { "artifacts", "components", "services/batch/work-queue" })
            Directory.CreateSymbolicLink(Path.Combine(checkout.Root, path), Path.Combine(real, path));
        var tour = checkout.Start("tour", "work-queue");
        await tour.SeesAsync("work-queue: running");
        // Where a test of the patterns looks for the logs of a tour that failed.
        Assert.True(Directory.Exists(Path.Combine(checkout.Data, $"tour-{tour.Pid}-work-queue")));
        var replicas = await tour.Control.ListAsync(Checkout.Cancel);
        Assert.Contains("tour, process", (await checkout.RunAsync("list")).Output);
        tour.Signal(2);
        Assert.Equal(130, (await tour.EndAsync()).Code);
        foreach (var replica in replicas.Where(r => r.Pid > 0))
            await Started.IsGoneAsync(replica.Pid);
        Assert.Empty(Directory.EnumerateFileSystemEntries(checkout.Data));
        Assert.Empty(Directory.EnumerateFileSystemEntries(checkout.Temporary));
    }

    [Fact]
    public async Task One_claim_that_failed_is_enough_for_exit_code_1_and_the_record_keeps_all()
    {
        await using var checkout = new Checkout();
        var record = new TourRecord("embedded");
        record.Patterns.Add(
            new PatternRecord("one", 1.5, [new Claim("it holds", "1", "1", true), Claim.NotRun("it flies", "yes", "no [wings]")]));
        Assert.True(record.Held);
        record.Patterns.Add(new PatternRecord("two", 2, [new Claim("it holds", "1", "2 <", false)]));
        Assert.False(record.Held);

        var file = Path.Combine(checkout.Root, "tour.json");
        record.Write(file);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Checkout.Cancel));
        var claims = json.RootElement.GetProperty("patterns")[0].GetProperty("claims");
        Assert.Equal(JsonValueKind.Null, claims[1].GetProperty("held").ValueKind);
        Assert.Equal("2 <", json.RootElement.GetProperty("patterns")[1].GetProperty("claims")[0].GetProperty("measured").GetString());

        Assert.EndsWith("claims: 1 held, 1 FAILED, 1 not run", Shown(record).TrimEnd());
    }

    [Fact]
    public void Where_the_output_is_no_terminal_a_claim_is_a_block()
    {
        var record = new TourRecord("embedded");
        const string Sentence =
            "owners that woke up late did try to write, and no write of an old term is accepted after a newer term's first";
        Claim[] claims = [new(Sentence, "0 accepted", "2 <", false), Claim.NotRun("it flies", "yes", "no [wings]")];
        record.Patterns.Add(new PatternRecord("one", 1.5, claims));
        Assert.Equal(
            $"""
            one (1.5 s)

              FAILED   {Sentence}
                       expected: 0 accepted
                       measured: 2 <

              not run  it flies
                       expected: yes
                       measured: not run (no [wings])

            claims: 0 held, 1 FAILED, 1 not run
            """,
            string.Join('\n', Shown(record).TrimEnd().Split('\n').Select(l => l.TrimEnd())));
    }

    private static string Shown(TourRecord record)
    {
        using var written = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No });
        Screen.Adapt(console);
        TourRecord.Show(console, record);
        return written.ToString();
    }
}
