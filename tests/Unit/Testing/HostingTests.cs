using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Samples.Runtime.Resources;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Unit.Testing;

/// <summary>Applications beside sidecars: hosted in each way, apart from each other, gone at the end; mistakes are told.</summary>
public sealed class HostingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_learns_its_sidecar_from_its_configuration_and_calls_another()
    {
        await using var dapr = new TestDapr();
        await dapr.StartAsync("stock", app => app.MapGet("/items/{item}", (string item) => $"12 of {item}"), cancel: Cancel);
        var shop = await dapr.StartAsync("shop", app => app.MapGet("/ask", async (IConfiguration configuration) =>
        {
            using var sidecar = new HttpClient();
            return await sidecar.GetStringAsync($"{configuration["DAPR_HTTP_ENDPOINT"]}/v1.0/invoke/stock/method/items/tea", Cancel);
        }), cancel: Cancel);
        Assert.Equal("12 of tea", await shop.Http.GetStringAsync("/ask", Cancel));
        Assert.Equal("shop", shop.Services.GetRequiredService<IConfiguration>()["APP_ID"]);
    }

    [Fact]
    public async Task Tests_in_parallel_share_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async i =>
        {
            await using var dapr = new TestDapr()
                .WithComponent("store", "state.sqlite", ("connectionString", "data.db")).WithComponent("pubsub", "pubsub.in-memory");
            var app = await dapr.StartAsync("app", web =>
            {
                EventTests.Subscriber(web, "orders", () => Results.Ok());
            }, cancel: Cancel);
            await app.State("store").SetAsync($"key-{i}", i, cancel: Cancel);
            Assert.Single(await dapr.PublishAsync("pubsub", "orders", i, cancel: Cancel));
            Assert.Equal([$"key-{i}"], await app.State("store").KeysAsync(Cancel));
        }));
    }

    [Fact]
    public async Task Nothing_is_left_when_a_test_ends_not_even_with_a_handler_that_hangs()
    {
        var dapr = new TestDapr(new TestClock()).WithComponent("pubsub", "pubsub.in-memory");
        var entered = new TaskCompletionSource();
        var never = new TaskCompletionSource<IResult>();
        var app = await dapr.StartAsync("app", web =>
        {
            EventTests.Subscriber(web, "orders", () => Results.Ok());
            web.MapPost("/job/hangs", async () =>
            {
                entered.TrySetResult();
                return await never.Task;
            });
        }, cancel: Cancel);
        await app.SidecarHttp.PostAsJsonAsync("/v1.0-alpha1/jobs/hangs", new { dueTime = "0s" }, Cancel);
        await entered.Task.WaitAsync(Cancel);
        await dapr.DisposeAsync();
        Assert.False(Directory.Exists(dapr.Folder));
        foreach (var port in (int[])[app.AppPort, new Uri(app.HttpEndpoint).Port, new Uri(app.GrpcEndpoint).Port])
        {
            using var socket = new TcpClient();
            await Assert.ThrowsAsync<SocketException>(() => socket.ConnectAsync("127.0.0.1", port, Cancel).AsTask());
        }
    }

    [Fact]
    public async Task A_program_in_a_process_of_its_own_has_actors_and_the_test_has_their_time()
    {
        await using var dapr = new TestDapr(new TestClock()).WithComponent("actors", "state.in-memory", ("actorStateStore", "true"));
        var log = Path.Combine(dapr.Folder, "turns.log");
        var program = new ProcessStartInfo("dotnet", [ActorApp]) { RedirectStandardInput = true, Environment = { ["TURN_LOG"] = log } };
        var app = await dapr.StartAsync("bank", program, Cancel);

        using var added = await app.SidecarHttp.PutAsJsonAsync("/v1.0/actors/AccountActor/7/method/AddAsync", new { }, Cancel);
        Assert.Equal(1, await app.ActorState("actors", "AccountActor", "7").GetAsync<int>("count", Cancel));
        using var set = await app.SidecarHttp.PutAsJsonAsync("/v1.0/actors/AccountActor/7/method/RemindAsync", 3_600_000, Cancel);
        await dapr.AdvanceAsync(TimeSpan.FromMinutes(59), Cancel);
        Assert.DoesNotContain("remind 7", await File.ReadAllTextAsync(log, Cancel), StringComparison.Ordinal);
        await dapr.AdvanceAsync(TimeSpan.FromMinutes(1), Cancel);

        Assert.Contains("remind 7", await File.ReadAllTextAsync(log, Cancel), StringComparison.Ordinal);
        Assert.Throws<TestDaprException>(() => app.Services);
    }

    // Built beside this program, in the same configuration.
    private static string ActorApp { get; } = Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Samples.ActorApp",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Samples.ActorApp.dll");

    [Fact]
    public async Task A_program_in_a_process_of_its_own_that_ends_is_told_with_its_last_lines()
    {
        await using var dapr = new TestDapr();
        var error = await Assert.ThrowsAsync<TestDaprException>(() =>
            dapr.StartAsync("app", new ProcessStartInfo("dotnet", ["no-such-program.dll"]), Cancel));
        Assert.Contains("application 'app' does not listen on 127.0.0.1:", error.Message, StringComparison.Ordinal);
        Assert.Contains("ended with exit code", error.Message, StringComparison.Ordinal);
        Assert.Contains("APP_PORT", error.Message, StringComparison.Ordinal);
        error = await Assert.ThrowsAsync<TestDaprException>(() => dapr.StartAsync("app", new ProcessStartInfo("no-such-command"), Cancel));
        Assert.Contains("'no-such-command' cannot be started", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_that_does_not_listen_is_told_with_the_cure()
    {
        await using var dapr = new TestDapr { Patience = TimeSpan.FromMilliseconds(50) };
        var app = await dapr.AddSidecarAsync("app", Cancel);
        var error = await Assert.ThrowsAsync<TestDaprException>(() => app.WhenReadyAsync(Cancel));
        Assert.Contains($"does not listen on 127.0.0.1:{app.AppPort}", error.Message, StringComparison.Ordinal);
        Assert.Contains("UseSidecar(app)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_application_that_was_stopped_does_not_get_its_job()
    {
        var clock = new TestClock();
        await using var dapr = new TestDapr(clock);
        var app = await dapr.StartAsync("app", web => web.MapPost("/job/j", () => { }), cancel: Cancel);
        await app.SidecarHttp.PostAsJsonAsync("/v1.0-alpha1/jobs/j", new { dueTime = "1h" }, Cancel);
        await app.StopAsync();
        await dapr.AdvanceAsync(TimeSpan.FromHours(1), Cancel);
        Assert.Equal(Samples.Runtime.BuildingBlocks.DeliveryResult.NotReached, (await app.ReceivesJobAsync("j", Cancel)).Result);
    }

    [Fact]
    public async Task A_wrong_name_is_told_with_those_that_there_are()
    {
        await using var dapr = new TestDapr()
            .WithComponent("statestore", "state.in-memory").WithComponent("pubsub", "pubsub.in-memory");
        var early = Assert.Throws<TestDaprException>(() => dapr.Break("statestore", Fault.Fails()));
        Assert.Contains("start an application", early.Message, StringComparison.Ordinal);
        var app = await dapr.StartAsync("app", web => EventTests.Subscriber(web, "orders", () => Results.Ok()), cancel: Cancel);

        Assert.Equal("no application has a component named 'stat'. There is: pubsub, statestore.",
            Assert.Throws<TestDaprException>(() => dapr.Break("stat", Fault.Fails())).Message);
        Assert.Equal("no application has a state store named 'stat'. There is: statestore.",
            Assert.Throws<TestDaprException>(() => app.State("stat")).Message);
        Assert.Equal("component 'pubsub' (pubsub.in-memory) is not a state store.",
            Assert.Throws<TestDaprException>(() => app.State("pubsub")).Message);
        var nobody = await Assert.ThrowsAsync<TestDaprException>(() => dapr.PublishAsync("pubsub", "ordrs", 1, cancel: Cancel));
        Assert.Equal("nobody is subscribed to topic 'ordrs' of 'pubsub'. There are subscriptions to: 'orders' ('app').", nobody.Message);
        dapr.Patience = TimeSpan.FromMilliseconds(50);
        var inVain = await Assert.ThrowsAsync<TestDaprException>(() => app.ReceivesJobAsync("nightly", Cancel));
        Assert.StartsWith("no Job 'nightly' came to 'app' within", inVain.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_that_is_wrong_stops_the_test_with_the_cure()
    {
        await using var dapr = new TestDapr().WithComponent("store", "state.sqlit");
        var error = await Assert.ThrowsAsync<ResourceException>(() => dapr.AddSidecarAsync("app", Cancel));
        Assert.Contains("unknown type 'state.sqlit'", error.Message, StringComparison.Ordinal);
        Assert.Contains("state.sqlite", error.Message, StringComparison.Ordinal);
        Assert.Contains("there are no resources at", Assert.Throws<TestDaprException>(() => dapr.WithResources("no/such")).Message,
            StringComparison.Ordinal);
    }
}
