using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>What other invocations of the command do with runs.</summary>
public sealed class StopAndLogsTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task Two_runs_live_side_by_side_and_are_stopped_by_name_or_together()
    {
        await using var checkout = new Checkout();
        checkout.Add("one", Template(Entry("web", "appPort: 1")));
        checkout.Add("two", Template(Entry("web", "appPort: 2")));
        var one = await checkout.RunUntilReadyAsync("one", "--free-ports");
        var two = await checkout.RunUntilReadyAsync("two", "--free-ports");
        var third = await checkout.RunUntilReadyAsync("one", "--free-ports", "--data", Path.Combine(checkout.Root, "third"));

        var again = await checkout.RunAsync("run", "one", "--free-ports");
        var refusal = $"error: 'one' already runs (process {one.Pid}). "
            + "Stop it with `samples stop`, or give this run its own --data and --free-ports.\n";
        Assert.Equal((1, refusal), (again.Code, again.Errors));
        var unknown = await checkout.RunAsync("stop", "two", "nope");
        Assert.Equal(1, unknown.Code);
        Assert.Contains("'nope' does not run. Running: ", unknown.Errors);

        var stopped = await checkout.RunAsync("stop", "two");
        Assert.Equal((0, $"stopped run of two (process {two.Pid})"), (stopped.Code, stopped.Output));
        Assert.Equal(0, (await two.EndAsync()).Code);
        Assert.Equal("running", (await one.ReplicaAsync("web")).State);

        var rest = await checkout.RunAsync("stop");
        Assert.Contains($"stopped run of one (process {one.Pid})", rest.Output);
        Assert.Contains($"stopped run of one (process {third.Pid})", rest.Output);
        Assert.Equal((0, 0), ((await one.EndAsync()).Code, (await third.EndAsync()).Code));
        Assert.Equal((0, "Nothing runs."), await checkout.RunAsync("stop") is var nothing ? (nothing.Code, nothing.Output) : default);
    }

    [Fact]
    public async Task Logs_show_the_last_lines_and_follow()
    {
        await using var checkout = new Checkout();
        checkout.Add(
            "tiny",
            Template(Entry("web", "appPort: 1"), Entry("web", "appPort: 2"), Entry("quiet", "appPort: 3", "appLogDestination: file")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        Assert.DoesNotContain("quiet              ", run.Output);
        Assert.Equal("quiet              warn: CliApp[0] begins", (await checkout.RunAsync("logs", "quiet")).Output);
        var both = await checkout.RunAsync("logs", "web", "-n", "1");
        Assert.Equal("web-1              warn: CliApp[0] begins\nweb-2              warn: CliApp[0] begins", both.Output);
        Assert.Contains("there are no logs of 'nope'. There are: quiet, ", (await checkout.RunAsync("logs", "nope")).Errors);

        var follower = checkout.Start("logs", "-f", "-n", "1", "web-2");
        await follower.SeesAsync("web-2              warn: CliApp[0] begins");
        await Http.GetStringAsync($"http://127.0.0.1:{(await run.ReplicaAsync("web-2")).AppPort}/say/hello", Cancel);
        await Http.GetStringAsync($"http://127.0.0.1:{(await run.ReplicaAsync("web-1")).AppPort}/say/other", Cancel);
        await follower.SeesAsync("web-2              hello");
        follower.Signal(2);
        var ended = await follower.EndAsync();
        Assert.Equal(130, ended.Code);
        Assert.DoesNotContain("other", ended.Output);
    }

    [Fact]
    public async Task Api_calls_are_logged_where_the_template_asks()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1", "enableApiLogging: true"), Entry("mute", "appPort: 2")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        foreach (var app in new[] { "mute", "web" })
            await Http.GetStringAsync(
                $"http://127.0.0.1:{(await run.ReplicaAsync(app)).DaprHttpPort}/v1.0/invoke/{app}/method/env/APP_ID?secret=1", Cancel);
        var line = await run.SeesAsync("API called");
        Assert.StartsWith(
            "sidecar            info: sidecar.web: API called: GET /v1.0/invoke/web/method/env/APP_ID -> 200 in ",
            line,
            StringComparison.Ordinal);
        Assert.DoesNotContain("sidecar.mute: API called", run.Output);
    }

    [Fact]
    public async Task Doctor_says_what_cannot_be_run_and_who_has_the_ports()
    {
        await using var checkout = new Checkout();
        var port = FixedPort();
        checkout.Add("good", Template(Entry("web", $"appPort: {port}")));
        var healthy = await checkout.RunAsync("doctor");
        Assert.Equal(0, healthy.Code);
        Assert.Contains("Every pattern can be run.", healthy.Output);

        using (var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port))
        {
            taken.Start();
            var busy = await checkout.RunAsync("doctor");
            Assert.Equal(1, busy.Code);
            Assert.Contains($"{port}:", busy.Output);
            if (OperatingSystem.IsLinux())
                Assert.Contains($"{Environment.ProcessId})", busy.Output);
        }

        checkout.Add("bad", "version: 1\napps: []\n");
        var ill = await checkout.RunAsync("doctor");
        Assert.Equal(1, ill.Code);
        Assert.Contains("cannot be run", ill.Output);
    }

    [Fact]
    public async Task Without_a_word_it_says_what_to_type_next()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1")));
        var overview = await checkout.RunAsync();
        Assert.Equal(0, overview.Code);
        Assert.Contains("samples run tiny", overview.Output);
        Assert.Contains("Patterns: tiny", overview.Output);
        foreach (var command in new[] { "run", "tour", "stop", "logs" })
        {
            var help = await checkout.RunAsync(command, "--help");
            Assert.Equal(0, help.Code);
            Assert.Contains($"Examples:\n  samples {command}", help.Output);
        }
    }
}
