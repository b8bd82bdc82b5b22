using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Samples.Defaults;
using Samples.WorkerHost;
using Xunit;

namespace Samples.Services.WorkQueue;

/// <summary>Any executable is a worker, also a bad one.</summary>
public sealed class WorkerProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-worker-").FullName;

    public WorkerProgramTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The workers of these tests are shell scripts.");

    [Fact]
    public async Task It_gets_the_item_as_a_file_and_0_means_done()
    {
        File.WriteAllText(Path.Combine(_folder, "item"), "content");
        Assert.Null(await RunAsync("cp \"$WORK_ITEM_FILE\" \"$WORK_OUTPUT\"; echo \"$WORK_ITEM_ID\" >> \"$WORK_OUTPUT\""));
        Assert.Equal("contentthe id\n", File.ReadAllText(Path.Combine(_folder, "output")));
    }

    [Theory, InlineData("a.jpg", true), InlineData("ä", true), InlineData("215", true), InlineData("216", false), InlineData("255", false)]
    public void A_result_is_named_like_its_item_and_leaves_room_for_an_extension(string item, bool isKept)
    {
        var name = int.TryParse(item, out var length) ? new string('x', length) : item;
        Assert.Equal(isKept, OutputName.Of(name) == name);
        Assert.InRange(Encoding.UTF8.GetByteCount(OutputName.Of(name)), 1, OutputName.Longest);
        var (one, two) = (new string('日', 80) + "a", new string('日', 80) + "b");
        Assert.NotEqual(OutputName.Of(one), OutputName.Of(two));
        Assert.DoesNotContain('\uFFFD', OutputName.Of(one));
        Assert.InRange(Encoding.UTF8.GetByteCount(OutputName.Of(one)), 1, OutputName.Longest);
    }

    [Fact]
    public async Task What_it_says_last_is_the_reason_of_a_failure() =>
        Assert.Equal("The worker ended with 3: second", await RunAsync("echo first >&2; echo second >&2; exit 3"));

    [Fact]
    public async Task A_huge_error_output_is_read_and_its_end_kept()
    {
        var failure = await RunAsync("head -c 50000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo the end >&2; exit 1");
        Assert.Equal("The worker ended with 1: the end", failure);
        failure = await RunAsync("head -c 50000000 /dev/zero | tr '\\0' x >&2; exit 1");
        Assert.InRange(failure!.Length, 4000, 5000);
    }

    [Fact]
    public async Task One_that_hangs_is_killed_with_all_its_children()
    {
        var failure = await RunAsync($"sleep 300 & echo $! > {_folder}/child; wait", seconds: 1);
        Assert.Equal("The worker took longer than 1 s.", failure);
        await AssertGoneAsync();
    }

    [Fact]
    public async Task One_that_leaves_a_child_behind_is_done_and_the_child_ends_too()
    {
        var began = Stopwatch.GetTimestamp();
        // The child holds the error output open: its end must not be waited for.
        Assert.Null(await RunAsync($"sleep 300 & echo $! > {_folder}/child; exit 0"));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        await AssertGoneAsync();
    }

    [Fact]
    public async Task It_is_killed_when_its_work_is_called_off()
    {
        using var cancel = new CancellationTokenSource();
        var running = RunAsync($"echo $$ > {_folder}/child; sleep 300", cancel: cancel.Token);
        while (!File.Exists(Path.Combine(_folder, "child")) || File.ReadAllText(Path.Combine(_folder, "child")).Length == 0)
            await Task.Delay(10, Machine.Cancel);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await AssertGoneAsync();
    }

    [Theory]
    [InlineData("no-such-program-anywhere --flag", "no-such-program-anywhere")]
    [InlineData("/no/such/program", "/no/such/program")]
    [InlineData("", "WORKER_COMMAND")]
    public void A_program_that_is_not_there_is_named_before_any_item_fails(string command, string named) =>
        Assert.Contains(
            named, Assert.Throws<WrongSettingException>(() => Options(("WORKER_COMMAND", command))).Message, StringComparison.Ordinal);

    [Fact]
    public void Your_own_program_goes_before_the_template_s_and_quotes_keep_spaces()
    {
        Assert.Equal(
            ["sh", "-c", "echo a b"],
            Options(("DEFAULT_WORKER_COMMAND", "dotnet x.dll"), ("WORKER_COMMAND", "sh -c \"echo a b\"")).Command);
        Assert.Equal(["sh"], Options(("DEFAULT_WORKER_COMMAND", "sh"), ("WORKER_COMMAND", "")).Command);
    }

    [Theory, InlineData("WORKER_TIMEOUT_SECONDS", "0"), InlineData("IDLE_MS", "soon"), InlineData("DRAIN_SECONDS", "-1")]
    public void A_wrong_setting_is_named(string name, string value) =>
        Assert.Contains(
            name,
            Assert.Throws<WrongSettingException>(() => Options(("WORKER_COMMAND", "sh"), (name, value))).Message,
            StringComparison.Ordinal);

    private async Task<string?> RunAsync(string script, double seconds = 60, CancellationToken? cancel = null)
    {
        var file = Path.Combine(_folder, "script.sh");
        await File.WriteAllTextAsync(file, script, Machine.Cancel);
        var program = new WorkerProgram(Options(("WORKER_COMMAND", $"sh {file}"), ("WORKER_TIMEOUT_SECONDS", $"{seconds}")));
        return await program.RunAsync("the id", Path.Combine(_folder, "item"), Path.Combine(_folder, "output"), cancel ?? Machine.Cancel);
    }

    private static WorkerOptions Options(params (string Name, string Value)[] settings) => WorkerOptions.From(
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Name, (string?)s.Value))).Build());

    // A killed process may be there for a moment as one that nobody has waited for.
    private async Task AssertGoneAsync()
    {
        var stat = $"/proc/{File.ReadAllText(Path.Combine(_folder, "child")).Trim()}/stat";
        for (var patience = 0; File.Exists(stat) && !File.ReadAllText(stat).Contains(") Z", StringComparison.Ordinal); patience++)
        {
            Assert.True(patience < 500, "the child is still there");
            await Task.Delay(10, Machine.Cancel);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
