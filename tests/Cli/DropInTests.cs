using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Samples.Cli.Daprd;
using Samples.Cli.DropIn;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>This program in the place of daprd: tools that start one start it.</summary>
public sealed class DropInTests : IAsyncDisposable
{
    private const string Mechanism = "compare-and-swap";
    private static readonly HttpClient Http = new();
    private readonly Checkout _checkout = new();
    private readonly DaprCliStandIn _cli;

    public DropInTests() => _cli = new DaprCliStandIn(_checkout);

    [Theory]
    [InlineData("-app-id=a --app-port 80 -enable-api-logging", "a", 80, true)]
    [InlineData("--app-id a --app-port -1 --enable-api-logging=false", "a", null, false)]
    [InlineData("--app-port= --app-id a ignored", "a", null, false)]
    public void Flags_are_read_as_daprd_reads_them(string line, string appId, int? port, bool logs)
    {
        var flags = DaprdFlags.Parse(line.Split(' '));
        Assert.Equal((appId, port, logs), (flags.Text("app-id"), flags.Port("app-port"), flags.Is("enable-api-logging")));
    }

    [Theory]
    [InlineData("--nope", "unknown flag: --nope")]
    [InlineData("--app-id", "flag needs an argument: --app-id")]
    [InlineData("--app-id x --app-port web", "invalid argument \"web\" for \"--app-port\" flag")]
    [InlineData("--app-port 1", "parameter app-id cannot be empty")]
    [InlineData("--app-id x --mode kubernetes", "needs a real daprd")]
    [InlineData("--app-id x --log-level loud", "undefined Log Output Level: loud")]
    [InlineData("--app-id x --resources-path {folder}/none", "none")]
    public async Task What_it_cannot_do_it_says_in_daprds_words_and_ends(string line, string message)
    {
        var ended = await RunAsync(line.Replace("{folder}", _checkout.Root, StringComparison.Ordinal).Split(' '));
        Assert.NotEqual(0, ended.Code);
        Assert.Contains(message, ended.Said.Replace("\\\"", "\"", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", ended.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tools_that_ask_for_its_version_and_help_get_them()
    {
        Assert.Equal((0, "1.18.3-samples\n"), await RunAsync("--version"));
        var help = await RunAsync("--help");
        Assert.All(DaprdFlags.Known, f => Assert.Contains("--" + f.Name, help.Said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_multi_app_run_of_the_dapr_cli_runs_on_it()
    {
        var resources = Directory.CreateDirectory(Path.Combine(_checkout.Root, "resources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "statestore.yaml"), """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
            spec:
              type: state.sqlite
              version: v1
              metadata:
              - name: connectionString
                value: state.db
            """, Cancel);
        var (shop, web) = (await RunAppAsync("shop", resources), await RunAppAsync("web", resources));
        Assert.Equal("web", await Http.GetStringAsync($"http://127.0.0.1:{shop.Http}/v1.0/invoke/web/method/env/APP_ID", Cancel));
        using (var saved = await Http.PostAsJsonAsync(State(shop.Http), new[] { new { key = "k", value = 7 } }, Cancel))
            Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        // What the CLI writes there, `dapr list` reads.
        var metadata = await Http.GetStringAsync($"http://127.0.0.1:{web.Http}/v1.0/metadata", Cancel);
        Assert.Contains($"\"appPID\":\"{web.App.Id}\"", metadata.Replace(" ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("dapr_http_server_request_count", await Http.GetStringAsync($"http://127.0.0.1:{web.Metrics}/metrics", Cancel));

        // One that is killed leaves nothing that anybody finds; one that is asked to end ends in order.
        web.Sidecar.Kill();
        var began = Stopwatch.GetTimestamp();
        while ((await Http.GetAsync($"http://127.0.0.1:{shop.Http}/v1.0/invoke/web/method/env/APP_ID", Cancel)).IsSuccessStatusCode)
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20));
        Native.Terminate(shop.Sidecar.Id);
        await shop.Sidecar.WaitForExitAsync(Cancel);
        Assert.Equal(0, shop.Sidecar.ExitCode);
    }

    [Fact]
    public async Task A_pattern_of_the_suite_runs_on_it_as_with_dapr_run_f()
    {
        Assert.SkipUnless(
            RunTemplate.Commands.Find("redis-server", _checkout.Root) is not null, "redis-server is not installed (package redis-server).");
        var repository = new Repository(Path.GetFullPath(Path.Combine(Artifacts, "..", "..")));
        var redis = FixedPort();
        // Where `dapr init` has its Redis, somebody else's may be.
        _cli.Start(new ProcessStartInfo("redis-server", ["--port", $"{redis}", "--bind", "127.0.0.1", "--save", ""]));
        await DaprCliStandIn.ListensAsync(redis);
        var components = new ResourceCopies(Path.Combine(_checkout.Root, "copies"))
            .Of(Path.Combine(repository.Root, "components", "redis"), _checkout.Root, ($"127.0.0.1:{redis}", 0));
        var runs = new List<StandInRun>();
        foreach (var entry in TemplateReader.Read(repository.Require("ownership").Template, repository.Root))
            runs.Add(await _cli.RunAsync(entry with { AppPort = FixedPort() }, components));

        var (owner, term) = await OwnerAsync(runs, after: 0);
        // It dies with its sidecar, as a pod does.
        owner.App.Kill();
        owner.Sidecar.Kill();
        var (next, _) = await OwnerAsync(runs.Where(r => r != owner), after: term);
        Assert.NotEqual(owner.AppPort, next.AppPort);
        using var head = JsonDocument.Parse(await Http.GetStringAsync(
            $"http://127.0.0.1:{next.Http}/v1.0/invoke/ledger/method/tasks/{Mechanism}", Cancel));
        Assert.True(head.RootElement.GetProperty("entries").GetInt64() > 0, $"{head.RootElement}");
    }

    // Who owns the task in a later term.
    private static async Task<(StandInRun Owner, long Term)> OwnerAsync(IEnumerable<StandInRun> runs, long after)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            foreach (var run in runs.Where(r => r.AppId == "owner"))
            {
                using var reports = JsonDocument.Parse(await Http.GetStringAsync($"http://127.0.0.1:{run.AppPort}/ownerships", Cancel));
                var report = reports.RootElement.EnumerateArray().Single(r => r.GetProperty("mechanism").GetString() == Mechanism);
                if (report.GetProperty("owns").GetBoolean() && report.GetProperty("term").GetInt64() is var term && term > after)
                    return (run, term);
            }

            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(90), $"nobody owns '{Mechanism}' after term {after}");
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    private static string State(int port) => $"http://127.0.0.1:{port}/v1.0/state/statestore";

    private Task<StandInRun> RunAppAsync(string appId, string resources)
    {
        var port = FixedPort();
        var environment = new Dictionary<string, string> { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}" };
        return _cli.RunAsync(
            new RunEntry(appId, _checkout.Root, ["dotnet", App]) { Pattern = "own", AppPort = port, Environment = environment }, resources);
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] flags) =>
        await EndAsync(new ProcessStartInfo(await _cli.LinkAsync(), flags));

    private async Task<(int Code, string Said)> EndAsync(ProcessStartInfo info)
    {
        (info.RedirectStandardOutput, info.RedirectStandardError) = (true, true);
        info.WorkingDirectory = _checkout.Root;
        using var process = Process.Start(info)!;
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, string.Concat(said));
    }

    public async ValueTask DisposeAsync()
    {
        await _cli.DisposeAsync();
        await _checkout.DisposeAsync();
    }
}
