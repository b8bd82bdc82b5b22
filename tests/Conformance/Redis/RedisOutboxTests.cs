using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>The transactional outbox of <c>state.redis</c>, to <c>pubsub.redis</c>.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisOutboxTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact(Timeout = 60_000)]
    public async Task What_was_committed_is_published_and_what_a_killed_runtime_left_as_well()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var server = await RedisServer.StartAsync(cancel);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(server.Host);
        var left =
            """{"id":"outbox-left","source":"app1","type":"t","specversion":"1.0","datacontenttype":"text/plain","data":"left","""
            + """ "topic":"changes","pubsubname":"pubsub"}""";
        await redis.GetDatabase().HashSetAsync("outbox||app1||store||outbox-left", [new("data", left), new("version", "1")]);
        var events = Channel.CreateUnbounded<string>();
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/subscribe", () => new[] { new { pubsubname = "pubsub", topic = "changes", route = "/changes" } });
            app.MapPost(
                "/changes",
                async (HttpContext http) =>
                    events.Writer.TryWrite((await http.Request.ReadFromJsonAsync<JsonElement>()).GetProperty("data").GetString()!));
        });
        using var http = Machine.Http(await _machine.StartAsync(
            Machine.Component(
                "store", "state.redis", ("redisHost", server.Host), ("outboxPublishPubsub", "pubsub"), ("outboxPublishTopic", "changes"),
                ("ttlInSeconds", "1"))
            + Machine.Component("pubsub", "pubsub.redis", ("redisHost", server.Host)), port));
        Assert.Equal("left", await events.Reader.ReadAsync(cancel));
        var transaction = new { operations = new[] { new { operation = "upsert", request = new { key = "k", value = "new" } } } };
        Assert.Equal(204, (await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/store/transaction", transaction)).Status);
        Assert.Equal("new", await events.Reader.ReadAsync(cancel));
        while (await redis.GetServers()[0].KeysAsync(pattern: "outbox*").AnyAsync(cancel))
            await Task.Delay(10, cancel);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
