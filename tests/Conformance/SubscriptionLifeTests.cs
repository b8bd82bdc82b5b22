using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>Subscriptions over the life of an application and of the runtime: starts, restarts, stops, policies.</summary>
public sealed class SubscriptionLifeTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-life-").FullName;
    private readonly Channel<(string Topic, int Data)> _got = Channel.CreateUnbounded<(string, int)>();
    private readonly List<IAsyncDisposable> _open = [];
    private Func<int, Task<IResult>> _answer = _ => Task.FromResult(Results.Ok());

    [Fact(Timeout = 60_000), EmbeddedOnly("daprd asks an application for its subscriptions once, unless it checks its health")]
    public async Task A_restarted_application_is_asked_anew_and_gets_what_was_published_meanwhile()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var runtime = Machine.Start(_folder);
        var app = await StartAppAsync(0, "first");
        var port = new Uri(app.Urls.First()).Port;
        using var http = Machine.Http(await StartAsync(runtime, "app1", port, cancel));
        await PublishAsync(http, "first", 1);
        Assert.Equal(("first", 1), await _got.Reader.ReadAsync(cancel));
        await StopAsync(app);
        // Nobody is there: the events wait, in the file.
        await PublishAsync(http, "first", 2);
        await PublishAsync(http, "second", 3);
        await StartAppAsync(port, "first", "second");
        Assert.Equal(
            [("first", 2), ("second", 3)], new[] { await _got.Reader.ReadAsync(cancel), await _got.Reader.ReadAsync(cancel) }.Order());
        await PublishAsync(http, "second", 4);
        Assert.Equal(("second", 4), await _got.Reader.ReadAsync(cancel));
    }

    [Fact(Timeout = 60_000), EmbeddedOnly("the whole runtime starts again; with daprd it is Redis that keeps events")]
    public async Task What_was_acknowledged_is_delivered_by_the_next_runtime()
    {
        var cancel = TestContext.Current.CancellationToken;
        var app = await StartAppAsync(0, "t");
        var port = new Uri(app.Urls.First()).Port;
        await using (var runtime = Machine.Start(_folder))
        {
            using var http = Machine.Http(await StartAsync(runtime, "app1", port, cancel));
            await PublishAsync(http, "t", 1);
            Assert.Equal(("t", 1), await _got.Reader.ReadAsync(cancel));
            await StopAsync(app);
            await PublishAsync(http, "t", 2);
        }

        await StartAppAsync(port, "t");
        await using var next = Machine.Start(_folder);
        await StartAsync(next, "app1", port, cancel);
        Assert.Equal(("t", 2), await _got.Reader.ReadAsync(cancel));
        Assert.False(_got.Reader.TryRead(out _));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stopping_sidecar_lets_running_handlers_finish()
    {
        var cancel = TestContext.Current.CancellationToken;
        var finish = new TaskCompletionSource();
        var finished = new TaskCompletionSource<bool>();
        _answer = async _ =>
        {
            await finish.Task;
            finished.SetResult(true);
            return Results.Ok();
        };
        await using var runtime = Machine.Start(_folder);
        var sidecar = await StartAsync(runtime, "app1", new Uri((await StartAppAsync(0, "t")).Urls.First()).Port, cancel);
        using var http = Machine.Http(sidecar);
        await PublishAsync(http, "t", 1);
        await _got.Reader.ReadAsync(cancel);
        var stopping = sidecar.StopAsync();
        Assert.False(stopping.IsCompleted);
        finish.SetResult();
        await stopping;
        Assert.True(finished.Task.IsCompleted);
        // It was handled: the next sidecar does not get it again.
        _answer = _ => Task.FromResult(Results.Ok());
        using var again = Machine.Http(
            await StartAsync(runtime, "app1", new Uri((await StartAppAsync(0, "t")).Urls.First()).Port, cancel));
        await PublishAsync(again, "t", 2);
        Assert.Equal(("t", 2), await _got.Reader.ReadAsync(cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_policy_for_inbound_events_tries_before_the_dead_letter()
    {
        var cancel = TestContext.Current.CancellationToken;
        // All tries together take longer than one may.
        _answer = data => Task.FromResult(data == 1 ? Results.StatusCode(500) : Results.Ok());
        const string Policy = """
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata:
              name: policies
            spec:
              policies:
                retries:
                  thrice:
                    policy: constant
                    duration: 60ms
                    maxRetries: 2
              targets:
                components:
                  pubsub:
                    inbound:
                      retry: thrice
            """;
        await using var runtime = Machine.Start(_folder);
        var port = new Uri((await StartAppAsync(0, "t")).Urls.First()).Port;
        using var http = Machine.Http(await StartAsync(runtime, "app1", port, cancel, Policy, ("processingTimeout", "100ms")));
        await PublishAsync(http, "t", 1);
        var seen = new List<(string, int)>();
        while (seen.Count < 4)
        {
            if (seen.Count == 3)
                _answer = _ => Task.FromResult(Results.Ok());
            seen.Add(await _got.Reader.ReadAsync(cancel));
        }

        Assert.Equal([("t", 1), ("t", 1), ("t", 1), ("dead-t", 1)], seen);
    }

    [Fact(Timeout = 60_000), EmbeddedOnly("a broker in a SQLite file")]
    public async Task A_file_that_another_runtime_uses_stops_the_start_with_the_reason()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var runtime = Machine.Start(_folder);
        await StartAsync(runtime, "app1", null, cancel);
        await using var second = Machine.Start(_folder);
        var error = await Assert.ThrowsAsync<Runtime.Resources.ResourceException>(() => StartAsync(second, "app1", null, cancel));
        Assert.Contains("component 'pubsub' (pubsub.sqlite) cannot start: another runtime uses", error.Message);
    }

    private async Task<ITestedSidecar> StartAsync(
        ITestedDapr runtime, string appId, int? port, CancellationToken cancel, string more = "", params (string, string)[] settings)
    {
        var resources = Directory.CreateDirectory(Path.Combine(_folder, "components")).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(resources, "all.yaml"),
            Machine.Component("pubsub", "pubsub.sqlite", [("connectionString", "pubsub.db"), .. settings]) + more, cancel);
        var sidecar = await runtime.AddAsync(
            new SidecarOptions(appId) { AppPort = port, ResourcePaths = [resources], BaseDirectory = _folder }, cancel);
        await sidecar.WaitForAppAsync(cancel);
        return sidecar;
    }

    private async Task<WebApplication> StartAppAsync(int port, params string[] topics)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseSetting("urls", $"http://127.0.0.1:{port}");
        var app = builder.Build();
        _open.Add(app);
        app.MapGet("/dapr/subscribe", () => topics.SelectMany(t => new[]
        {
            new { pubsubname = "pubsub", topic = t, route = "/" + t, deadLetterTopic = "dead-" + t },
            new { pubsubname = "pubsub", topic = "dead-" + t, route = "/dead-" + t, deadLetterTopic = "" },
        }));
        app.MapPost("/{topic}", async (string topic, JsonElement body) =>
        {
            var data = body.GetProperty("data").GetInt32();
            var answer = _answer(data);
            _got.Writer.TryWrite((topic, data));
            return await answer;
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    // Stopped first: a host that is only disposed may cut the answer of its last request, and that event would come again.
    private static async Task StopAsync(WebApplication app)
    {
        await app.StopAsync(TestContext.Current.CancellationToken);
        await app.DisposeAsync();
    }

    private static async Task PublishAsync(HttpClient http, string topic, int data) =>
        Assert.Equal((204, ""), await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/" + topic, data));

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _open)
            await app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
