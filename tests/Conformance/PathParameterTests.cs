using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>What is escaped in a path is unescaped once, slashes too, and escaped once on the way to the application.</summary>
public sealed class PathParameterTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly Channel<string> _received = Channel.CreateUnbounded<string>();

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%2fb%20c", "a/b c")]
    [InlineData("%2F", "/")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%2F%252Fb", "a/%2Fb")]
    public async Task A_state_key(string escaped, string key)
    {
        Assert.SkipWhen(Executables.AreReal && escaped.Contains("%25", StringComparison.Ordinal), "daprd unescapes this one twice");
        using var http = Machine.Http(await _machine.StartAsync(Machine.Component("store", "state.in-memory")));
        await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/store", new[] { new { key, value = 7 } });
        Assert.Equal((200, "7"), await Machine.AskAsync(http, HttpMethod.Get, $"/v1.0/state/store/{escaped}"));
        Assert.Equal(204, (await Machine.AskAsync(http, HttpMethod.Delete, $"/v1.0/state/store/{escaped}")).Status);
        Assert.Equal((204, ""), await Machine.AskAsync(http, HttpMethod.Get, $"/v1.0/state/store/{escaped}"));
    }

    [Fact]
    public async Task A_topic()
    {
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic = "a/b", route = "/events" } });
            app.MapPost("/events", () => _received.Writer.TryWrite("delivered"));
        });
        using var http = Machine.Http(await _machine.StartAsync(Machine.Component("pubsub", "pubsub.in-memory"), port));
        Assert.Equal(204, (await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/a%2Fb", 1)).Status);
        Assert.Equal("delivered", await _received.Reader.ReadAsync(Machine.Cancel));
    }

    [Theory, InlineData("method/x%2Fy", "method/x/y"), InlineData("method/x?a=1&b=%2F", "method/x?a=1&b=%2F")]
    public async Task An_actors_method_and_its_query(string called, string seen)
    {
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/config", () => new { entities = new[] { "Counter" } });
            app.MapGet("/healthz", () => Results.Ok());
            app.MapMethods("/actors/{**rest}", ["PUT", "DELETE"], (HttpContext request) =>
            {
                if (request.Request.Method == "PUT")
                    _received.Writer.TryWrite(request.Features.Get<IHttpRequestFeature>()!.RawTarget);
                return Results.Ok();
            });
        });
        using var http = Machine.Http(await _machine.StartAsync(
            Machine.Component("store", "state.in-memory", ("actorStateStore", "true")), port));
        Assert.Equal(200, (await Machine.AskAsync(http, HttpMethod.Put, "/v1.0/actors/Counter/1/" + called)).Status);
        Assert.Equal("/actors/Counter/1/" + seen, await _received.Reader.ReadAsync(Machine.Cancel));
    }

    [Fact]
    public async Task A_jobs_name()
    {
        var port = await _machine.StartAppAsync(app => app.MapPost("/job/{**name}", (HttpContext request) =>
        {
            _received.Writer.TryWrite(request.Features.Get<IHttpRequestFeature>()!.RawTarget);
            return Results.Ok();
        }));
        // The store for actors is what brings a scheduler, where daprd is tested.
        using var http = Machine.Http(await _machine.StartAsync(
            Machine.Component("store", "state.in-memory", ("actorStateStore", "true")), port));
        Assert.Equal(204, (await Machine.AskAsync(http, HttpMethod.Post, "/v1.0-alpha1/jobs/a%20b", new { dueTime = "10ms" })).Status);
        Assert.Equal("/job/a%20b", await _received.Reader.ReadAsync(Machine.Cancel));
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
