using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>Somebody else's template or application starts as with <c>dapr run</c>.</summary>
public sealed class StartsLikeTheCliTests
{
    private const int SigInt = 2;
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task An_entry_without_a_command_is_a_sidecar_for_what_listens_already()
    {
        await using var checkout = new Checkout();
        await using var application = await ListenAsync();
        var folder = await OwnAsync(checkout, $"""
            version: 1
            apps:
            - appID: debugged
              appDirPath: ./
              appPort: {new Uri(application.Urls.First()).Port}
            - appID: client
              appDirPath: ./
            """);
        var run = await checkout.RunUntilReadyAsync("-f", folder, "--free-ports");
        await run.BecomesAsync("debugged", r => r is { State: "running", Pid: 0 });
        var client = await run.ReplicaAsync("client");
        Assert.Equal(
            "here", await Http.GetStringAsync($"http://127.0.0.1:{client.DaprHttpPort}/v1.0/invoke/debugged/method/where", Cancel));
        await run.Control.KillAsync("debugged", Cancel);
        Assert.Equal("here", await Http.GetStringAsync($"{application.Urls.First()}/where", Cancel));
    }

    [Fact]
    public async Task An_application_that_does_not_listen_ends_nothing_and_one_that_listens_late_is_announced()
    {
        await using var checkout = new Checkout();
        var folder = await OwnAsync(checkout, $"""
            version: 1
            apps:
            - appID: mute
              appDirPath: ./
              appPort: 1
              command: [sleep, '1000']
            - appID: late
              appDirPath: ./
              appPort: 2
              command: [sh, -c, "while [ ! -e now ]; do sleep 0.1; done; exec dotnet {App}"]
            """);
        var run = await checkout.RunUntilReadyAsync("-f", folder, "--free-ports");
        await run.SeesAsync("note: 'mute' was not ready within 10 s. The run goes on; its sidecar waits for port ");
        await run.SeesAsync("note: 'late' was not ready within 10 s. The run goes on; its sidecar waits for port ");
        Assert.Equal("starting", (await run.ReplicaAsync("late")).State);
        await File.WriteAllTextAsync(Path.Combine(folder, "now"), "", Cancel);
        await run.SeesAsync($"info: is ready now, on port {(await run.ReplicaAsync("late")).AppPort}");
        Assert.Equal("starting", (await run.ReplicaAsync("mute")).State);
        run.Signal(SigInt);
        var ended = await run.EndAsync();
        Assert.Equal(0, ended.Code);
        // Each word once.
        Assert.Equal(2, ended.Output.Split("was not ready within").Length - 1);
        Assert.Single(ended.Output.Split('\n'), l => l.Contains("is ready now", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "", "info: ended with 0")]
    [InlineData(3, "", "warn: ended with 3")]
    [InlineData(3, "SAMPLES_RESTART: always", "warn: ended with 3; starts again in 0.2 s")]
    public async Task What_ends_by_itself_is_started_again_only_where_its_template_asks_for_it(int code, string rule, string line)
    {
        await using var checkout = new Checkout();
        var entry = Entry("client", "appPort: 1", "env:", $"  END_WITH: \"{code}\"", $"  {rule}");
        var folder = await OwnAsync(checkout, Template(entry, Entry("web", "appPort: 2")));
        var run = checkout.Start("run", "-f", folder, "--free-ports");
        Assert.EndsWith(line, await run.SeesAsync($"client             {line.Split(':')[0]}: ended"), StringComparison.Ordinal);
        if (rule != "")
            return;
        await run.SeesAsync("note: 'client' ended before it was ready.");
        Assert.Equal("stopped", (await run.ReplicaAsync("client")).State);
        // Asked for, it runs once more.
        await run.Control.StartAsync("client", Cancel);
        await run.BecomesAsync("client", r => r.State == "stopped");
        Assert.Equal("running", (await run.ReplicaAsync("web")).State);
    }

    [Fact]
    public async Task What_dapr_init_made_in_the_users_folder_is_the_default()
    {
        await using var checkout = new Checkout();
        var components = Directory.CreateDirectory(Path.Combine(checkout.Home, ".dapr", "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(components, "statestore.yaml"),
            "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: statestore\nspec:\n  type: state.in-memory\n  version: v1\n",
            Cancel);
        await File.WriteAllTextAsync(Path.Combine(checkout.Home, ".dapr", "config.yaml"), """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: daprConfig
            spec:
              tracing:
                samplingRate: "1"
                zipkin:
                  endpointAddress: http://localhost:9411/api/v2/spans
            """, Cancel);
        var folder = await OwnAsync(checkout, Template(Entry("web", "appPort: 1")));
        var run = await checkout.RunUntilReadyAsync("-f", folder, "--free-ports");
        var state = $"http://127.0.0.1:{(await run.ReplicaAsync("web")).DaprHttpPort}/v1.0/state/statestore";
        using var saved = await Http.PostAsJsonAsync(state, new[] { new { key = "k", value = 1 } }, Cancel);
        Assert.Equal("1", await Http.GetStringAsync($"{state}/k", Cancel));
    }

    [Fact]
    public async Task One_application_runs_without_a_template()
    {
        await using var checkout = new Checkout();
        var port = FixedPort();
        var run = await checkout.RunUntilReadyAsync(
            "--app-id", "shop", "--app-port", $"{port}", "--dapr-http-port", $"{FixedPort()}", "--", "dotnet", App);
        var shop = await run.ReplicaAsync("shop");
        Assert.Equal(port, shop.AppPort);
        Assert.Equal("shop", await Http.GetStringAsync($"http://127.0.0.1:{shop.DaprHttpPort}/v1.0/invoke/shop/method/env/APP_ID", Cancel));
        // Its end is the end of the run.
        Assert.NotNull(await Record.ExceptionAsync(() => Http.PostAsync($"http://127.0.0.1:{port}/die/7", null, Cancel)));
        Assert.Equal(1, (await run.EndAsync()).Code);
    }

    [Theory]
    [InlineData(0, "exit 0")]
    [InlineData(1, "exit 3")]
    public async Task The_end_of_one_application_is_the_end_of_its_run(int code, string script)
    {
        await using var checkout = new Checkout();
        var ended = await checkout.RunAsync("run", "--app-id", "once", "--", "/bin/sh", "-c", script);
        Assert.Equal((code, ""), (ended.Code, ended.Errors));
        Assert.EndsWith("stopped, as the application has ended", ended.Output.TrimEnd());
        await checkout.HasNoProcessLeftAsync();
    }

    [Fact]
    public async Task A_folder_is_run_by_its_name()
    {
        await using var checkout = new Checkout();
        var folder = await OwnAsync(checkout, Template(Entry("mine", "appPort: 1")));
        var run = await checkout.RunUntilReadyAsync(folder, "--free-ports");
        Assert.Equal("running", (await run.ReplicaAsync("mine")).State);
        var empty = await checkout.RunAsync("run", checkout.Home);
        Assert.Equal(
            (1, $"error: the folder '{checkout.Home}' has no dapr.yaml. Name a template with -f FILE.\n"), (empty.Code, empty.Errors));
    }

    private static async Task<string> OwnAsync(Checkout checkout, string template)
    {
        var folder = Directory.CreateDirectory(Path.Combine(checkout.Root, "own")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "dapr.yaml"), template, Cancel);
        return folder;
    }

    private static async Task<WebApplication> ListenAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var application = builder.Build();
        application.MapGet("/where", () => "here");
        await application.StartAsync(Cancel);
        return application;
    }
}
