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
        record.Patterns.Add(new PatternRecord("one", 1.5, [new Claim("it holds", "1", "1", true), Claim.NotRun("it flies", "yes", "no [wings]")]));
        Assert.True(record.Held);
        record.Patterns.Add(new PatternRecord("two", 2, [new Claim("it holds", "1", "2 <", false)]));
        Assert.False(record.Held);

        var file = Path.Combine(checkout.Root, "tour.json");
        record.Write(file);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file, Checkout.Cancel));
        var claims = json.RootElement.GetProperty("patterns")[0].GetProperty("claims");
        Assert.Equal(JsonValueKind.Null, claims[1].GetProperty("held").ValueKind);
        Assert.Equal("2 <", json.RootElement.GetProperty("patterns")[1].GetProperty("claims")[0].GetProperty("measured").GetString());

        using var written = new StringWriter();
        TourRecord.Show(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(written), Ansi = AnsiSupport.No }), record);
        Assert.Contains("not run (no", written.ToString());
        Assert.Contains("claims: 1 held, 1 FAILED, 1 not run", written.ToString());
    }
}
