using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using Samples.Cli.DropIn;
using Samples.Cli.Processes;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>This program in the place of daprd: tools that start one start it.</summary>
public sealed class DropInTests : IAsyncDisposable
{
    private static readonly HttpClient Http = new();
    private readonly Checkout _checkout = new();
    private readonly List<Process> _processes = [];

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
        using (var saved = await Http.PostAsJsonAsync(State(shop.Http), new[] { new { key = "shop||k", value = 7 } }, Cancel))
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

    [Fact(Timeout = 300_000)]
    public async Task The_conformance_suite_holds_on_it()
    {
        Assert.SkipUnless(RedisIsInstalled, "redis-server is not installed (package redis-server).");
        var suite = Path.Combine(Artifacts, "Samples.Conformance", "debug", "Samples.Conformance.dll");
        var info = new ProcessStartInfo(
            "dotnet", [suite, "-class", "*.ActorSdkTests", "-class", "*.MetadataTests", "-class", "*.TimeToLiveTests"]);
        info.Environment["DAPRD"] = await LinkAsync();
        info.Environment["PLACEMENT"] = info.Environment["SCHEDULER"] = null;
        var (code, said) = await EndAsync(info);
        Assert.True(code == 0, said);
        Assert.Contains("Failed: 0", said, StringComparison.Ordinal);
    }

    private static bool RedisIsInstalled => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    private static string State(int port) => $"http://127.0.0.1:{port}/v1.0/state/statestore";

    // As the CLI does for each entry of a template: the flags in its order, the application's environment, then who it is.
    private async Task<Run> RunAppAsync(string appId, string resources)
    {
        var (app, http, grpc, metrics, profile, own) =
            (FixedPort(), FixedPort(), FixedPort(), FixedPort(), FixedPort(), FixedPort());
        var sidecar = Start(new ProcessStartInfo(await LinkAsync(),
        [
            "--app-id", appId, "--app-port", $"{app}", "--dapr-http-port", $"{http}", "--dapr-grpc-port", $"{grpc}", "--profile-port",
            $"{profile}", "--metrics-port", $"{metrics}", "--dapr-internal-grpc-port", $"{own}", "--app-protocol", "http", "--log-level",
            "info", "--app-max-concurrency", "-1", "--placement-host-address", "localhost:50005", "--resources-path", resources,
            "--max-body-size", "4Mi", "--read-buffer-size", "4Ki", "--scheduler-host-address", "localhost:50006",
        ]));
        var info = new ProcessStartInfo("dotnet", [App]);
        foreach (var (name, value) in new[]
        {
            ("APP_ID", appId), ("APP_PORT", $"{app}"), ("DAPR_HTTP_PORT", $"{http}"), ("DAPR_GRPC_PORT", $"{grpc}"),
            ("DAPR_METRICS_PORT", $"{metrics}"), ("APP_PROTOCOL", "http"), ("ASPNETCORE_URLS", $"http://127.0.0.1:{app}"),
        })
        {
            info.Environment[name] = value;
        }

        var application = Start(info);
        await AnswersAsync($"http://127.0.0.1:{http}/v1.0/healthz/outbound");
        await AnswersAsync($"http://127.0.0.1:{http}/v1.0/healthz");
        using var pid = new StringContent($"{application.Id}", Encoding.UTF8, "text/plain");
        using var put = await Http.PutAsync($"http://127.0.0.1:{http}/v1.0/metadata/appPID", pid, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        return new Run(application, sidecar, http, metrics);
    }

    private static async Task AnswersAsync(string address)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var answer = await Http.GetAsync(address, patience.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await timer.WaitForNextTickAsync(patience.Token);
        }
    }

    private async Task<string> LinkAsync()
    {
        var folder = Path.Combine(_checkout.Root, "drop-in");
        var link = Path.Combine(folder, "daprd");
        if (!File.Exists(link))
            Assert.Equal(0, (await _checkout.RunAsync("sidecar", "--link", folder)).Code);
        return link;
    }

    private async Task<(int Code, string Said)> RunAsync(params string[] flags) =>
        await EndAsync(new ProcessStartInfo(await LinkAsync(), flags));

    private async Task<(int Code, string Said)> EndAsync(ProcessStartInfo info)
    {
        (info.RedirectStandardOutput, info.RedirectStandardError) = (true, true);
        var process = Start(info);
        var said = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        return (process.ExitCode, string.Concat(said));
    }

    private Process Start(ProcessStartInfo info)
    {
        info.WorkingDirectory = _checkout.Root;
        info.Environment[DropInOptions.FileVariable] =
            info.FileName == "dotnet" ? null : Path.Combine(_checkout.Root, "names", "sidecars.db");
        var process = Process.Start(info)!;
        _processes.Add(process);
        return process;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        await _checkout.DisposeAsync();
    }

    private sealed record Run(Process App, Process Sidecar, int Http, int Metrics);
}
