using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary><c>samples run</c>, from the start to every kind of end.</summary>
public sealed class RunTests
{
    private const int SigInt = 2, SigKill = 9, SigTerm = 15;
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task It_shows_every_replica_with_its_ports_and_its_log_lines_without_colours()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1"), Entry("web", "appPort: 2"), Entry("client", "env:", "  LETTER: a")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");

        var web = await run.ReplicaAsync("web-2");
        var row = (await run.SeesAsync(" web-2 ")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["web-2", $"http://127.0.0.1:{web.AppPort}", $"{web.DaprHttpPort}", $"{web.DaprGrpcPort}", $"{web.Pid}", "running"], row);
        Assert.Equal("web-1              warn: CliApp[0] begins", await run.SeesAsync("web-1              "));
        Assert.DoesNotContain('\e', run.Output);
        Assert.Equal("web", await Http.GetStringAsync($"http://127.0.0.1:{web.DaprHttpPort}/v1.0/invoke/web/method/env/APP_ID", Cancel));

        var listed = await checkout.RunAsync("list");
        Assert.Contains("tiny keeps its word", listed.Output);
        Assert.Contains($"run, process {run.Pid}", listed.Output);
        Assert.Contains("not yet", listed.Output);
    }

    [Fact]
    public async Task Tokens_are_asked_for_both_ways()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1", "env:", "  DAPR_API_TOKEN: inward", "  APP_API_TOKEN: outward")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var web = await run.ReplicaAsync("web");
        var address = $"http://127.0.0.1:{web.DaprHttpPort}/v1.0/invoke/web/method/header/dapr-api-token";
        Assert.Equal(HttpStatusCode.Unauthorized, (await Http.GetAsync(address, Cancel)).StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, address) { Headers = { { "dapr-api-token", "inward" } } };
        using var answer = await Http.SendAsync(request, Cancel);
        Assert.Equal("outward", await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData(SigInt)]
    [InlineData(SigTerm)]
    public async Task Ctrl_C_and_SIGTERM_stop_it_in_order(int signal)
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var web = await run.ReplicaAsync("web");
        run.Signal(signal);
        var ended = await run.EndAsync();
        Assert.Equal(0, ended.Code);
        Assert.Equal("", ended.Errors);
        Assert.EndsWith("stopped", ended.Output.TrimEnd());
        await Started.IsGoneAsync(web.Pid);
        await checkout.HasNoProcessLeftAsync();
        Assert.Empty(Directory.GetFiles(checkout.Data, "run-*"));
    }

    [Fact]
    public async Task Ctrl_C_twice_ends_at_once_although_a_service_does_not_want_to_stop()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1", "env:", "  STUBBORN: \"1\"")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var web = await run.ReplicaAsync("web");
        run.Signal(SigInt);
        await run.SeesAsync("Ctrl-C again ends at once");
        var began = Stopwatch.GetTimestamp();
        run.Signal(SigInt);
        Assert.Equal(130, (await run.EndAsync()).Code);
        // Waiting for the service would take ten seconds.
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(8));
        await Started.IsGoneAsync(web.Pid);
    }

    [Fact]
    public async Task After_SIGKILL_of_the_command_nothing_is_left_and_the_next_start_has_its_ports()
    {
        await using var checkout = new Checkout();
        var (app, http, grpc) = (FixedPort(), FixedPort(), FixedPort());
        checkout.Add(
            "tiny", Template(Entry("web", $"appPort: {app}", $"daprHTTPPort: {http}", $"daprGRPCPort: {grpc}", "env:", "  CHILD: \"1\"")));
        var run = await checkout.RunUntilReadyAsync("tiny");
        var patient = (await Http.GetFromJsonAsync<Patient>($"http://127.0.0.1:{app}/", Cancel))!;
        run.Signal(SigKill);
        await run.EndAsync();
        await Started.IsGoneAsync(patient.ProcessId);
        await Started.IsGoneAsync(patient.Child);
        await checkout.HasNoProcessLeftAsync();

        var second = await checkout.RunUntilReadyAsync("tiny");
        Assert.Equal(app, (await second.ReplicaAsync("web")).AppPort);
        second.Signal(SigInt);
        Assert.Equal(0, (await second.EndAsync()).Code);
        // Neither did the first leave anything: what it could not take away itself, the second did.
        Assert.Empty(Directory.EnumerateFileSystemEntries(checkout.Temporary));
        Assert.Empty(Directory.EnumerateDirectories(checkout.Data, "tmp-*"));
    }

    [Fact]
    public async Task What_a_service_puts_into_the_temporary_folder_goes_with_the_run()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var folder = await Http.GetStringAsync($"http://127.0.0.1:{(await run.ReplicaAsync("web")).AppPort}/env/TMPDIR", Cancel);
        Assert.StartsWith(checkout.Root, folder, StringComparison.Ordinal);
        // .NET's socket for diagnostics is there, so its path was not too long.
        Assert.NotEmpty(Directory.EnumerateFiles(folder, "dotnet-diagnostic-*"));
        run.Signal(SigInt);
        Assert.Equal(0, (await run.EndAsync()).Code);
        Assert.False(Directory.Exists(folder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(checkout.Temporary));
    }

    [Fact]
    public async Task A_service_that_dies_is_started_again_without_what_it_left_behind()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1", "env:", "  CHILD: \"1\"")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var web = await run.ReplicaAsync("web");
        var patient = (await Http.GetFromJsonAsync<Patient>($"http://127.0.0.1:{web.AppPort}/", Cancel))!;
        // It dies before it can answer.
        Assert.NotNull(await Record.ExceptionAsync(() => Http.PostAsync($"http://127.0.0.1:{web.AppPort}/die/7", null, Cancel)));
        await run.SeesAsync("web                warn: ended with 7; starts again in 0.2 s");
        await Started.IsGoneAsync(patient.Child);
        var again = await run.BecomesAsync("web", r => r.State == "running" && r.Pid != web.Pid && r.Pid > 0);
        Assert.Equal((web.AppPort, web.DaprHttpPort), (again.AppPort, again.DaprHttpPort));
    }

    [Fact]
    public async Task A_service_that_cannot_start_ends_the_run_with_its_last_words()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("good", "appPort: 1"), Entry("web", "appPort: 2", "env:", "  END_WITH: \"3\"")));
        var ended = await checkout.RunAsync("run", "tiny", "--free-ports");
        Assert.Equal(1, ended.Code);
        Assert.Contains("error: 'web' ended 5 times before it was ready. It said:", ended.Errors);
        Assert.Contains("this application has nothing to live for", ended.Errors);
        Assert.Contains("web                warn: ended with 3; starts again in 0.4 s", ended.Output);
        Assert.Empty(Directory.GetFiles(checkout.Data, "run-*"));
    }

    [Fact]
    public async Task A_program_without_a_port_that_ends_with_0_has_done_its_work()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1"), Entry("once", "env:", "  END_WITH: \"0\"")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        await run.SeesAsync("once               info: ended with 0; its work is done");
        Assert.Equal("stopped", (await run.BecomesAsync("once", r => r.State == "stopped")).State);
    }

    [Fact]
    public async Task Several_patterns_run_at_once_and_a_template_of_your_own()
    {
        await using var checkout = new Checkout();
        checkout.Add("one", Template(Entry("web", "appPort: 1")));
        var own = Directory.CreateDirectory(Path.Combine(checkout.Root, "own")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(own, "dapr.yaml"), Template(Entry("mine", "appPort: 2", "unixDomainSocket: /tmp")), Cancel);
        var run = await checkout.RunUntilReadyAsync("one", "-f", own, "--free-ports");
        await run.SeesAsync("note: own: 'unixDomainSocket' has no effect on the embedded sidecar");
        var mine = await run.ReplicaAsync("mine");
        Assert.Equal("web", await Http.GetStringAsync($"http://127.0.0.1:{mine.DaprHttpPort}/v1.0/invoke/web/method/env/APP_ID", Cancel));
    }

    private sealed record Patient(int ProcessId, int Child);
}
