using System.Net.Http.Json;
using System.Text.Json;
using System.Threading.Channels;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Conformance;

/// <summary>The transactional outbox: a transaction publishes an event for each upsert, exactly when it committed.</summary>
public sealed class OutboxTests : IAsyncDisposable
{
    private readonly Machine _machine = new();
    private readonly Channel<JsonElement> _events = Channel.CreateUnbounded<JsonElement>();

    public static TheoryData<string> Engines => ["state.in-memory", "state.sqlite"];

    [Theory(Timeout = 30_000), MemberData(nameof(Engines))]
    public async Task Each_upsert_of_a_transaction_is_published_and_a_delete_is_not(string engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync(engine);
        using var http = Machine.Http(sidecar);
        Assert.Equal(204, await TransactAsync(http,
            new { operation = "upsert", request = new { key = "a", value = "one" } },
            new { operation = "upsert", request = new { key = "b", value = "two" } },
            new { operation = "delete", request = new { key = "c" } }));
        var events = new[]
        {
            await _events.Reader.ReadAsync(cancel),
            await _events.Reader.ReadAsync(cancel),
        }.OrderBy(e => Text(e, "data")).ToArray();
        Assert.Equal(["one", "two"], events.Select(e => Text(e, "data")));
        Assert.Equal(
            ("text/plain", "app1", "com.dapr.event.sent", "pubsub", "changes"),
            (Text(events[1], "datacontenttype"), Text(events[1], "source"), Text(events[1], "type"),
            Text(events[1], "pubsubname"), Text(events[1], "topic")));
        Assert.StartsWith("outbox-", Text(events[1], "id"));
        Assert.Equal((200, "\"one\""), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/store/a"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_value_that_is_called_json_is_json_in_the_event()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync("state.in-memory"));
        Assert.Equal(
            204,
            await TransactAsync(
                http,
                new
                {
                    operation = "upsert",
                    request = new { key = "b", value = new { n = 2 }, metadata = new { contentType = "application/json" } },
                }));
        var told = await _events.Reader.ReadAsync(cancel);
        Assert.Equal(("application/json", """{"n":2}"""), (Text(told, "datacontenttype"), told.GetProperty("data").GetRawText()));
    }

    [Theory(Timeout = 30_000), MemberData(nameof(Engines))]
    public async Task A_projection_is_published_in_the_place_of_the_value_and_metadata_shapes_the_event(string engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync(engine);
        using var dapr = Machine.Client(sidecar);
        await dapr.ExecuteStateTransactionAsync("store",
        [
            new StateTransactionRequest(
                "a", "\"kept\""u8.ToArray(), StateOperationType.Upsert,
                metadata: new Dictionary<string, string>
                {
                    ["source"] = "billing",
                    ["type"] = "order.v2",
                    ["tenant"] = "7",
                    ["id"] = "mine",
                }),
            new StateTransactionRequest(
                "a", "shown"u8.ToArray(), StateOperationType.Upsert,
                metadata: new Dictionary<string, string> { ["outbox.projection"] = "true" }),
        ], cancellationToken: cancel);
        var shaped = await _events.Reader.ReadAsync(cancel);
        Assert.Equal(
            ("shown", "billing", "order.v2", "7"),
            (Text(shaped, "data"), Text(shaped, "source"), Text(shaped, "type"), Text(shaped, "tenant")));
        Assert.StartsWith("outbox-", Text(shaped, "id"));
        Assert.Equal("kept", await dapr.GetStateAsync<string>("store", "a", cancellationToken: cancel));
    }

    [Theory(Timeout = 30_000),
        MemberData(nameof(Engines)),
        EmbeddedOnly("daprd looks for the transaction's mark for two minutes before it takes up the next event")]
    public async Task A_transaction_that_was_refused_publishes_nothing(string engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync(engine));
        Assert.Equal(
            500, await TransactAsync(http, new { operation = "upsert", request = new { key = "a", value = "never", etag = "7" } }));
        Assert.Equal(204, await TransactAsync(http, new { operation = "upsert", request = new { key = "b", value = "first" } }));
        Assert.Equal("first", Text(await _events.Reader.ReadAsync(cancel), "data"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Without_its_broker_a_transaction_is_refused_before_it_writes()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync("state.in-memory", pubSub: "nosuch"));
        using var content = JsonContent.Create(
            new { operations = new[] { new { operation = "upsert", request = new { key = "a", value = "x" } } } });
        using var refused = await http.PostAsync("/v1.0/state/store/transaction", content, cancel);
        Assert.Equal(
            (500, "ERR_PUBLISH_OUTBOX"),
            ((int)refused.StatusCode, Text(await refused.Content.ReadFromJsonAsync<JsonElement>(cancel), "errorCode")));
        Assert.Equal((204, ""), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/store/a"));
    }

    [Fact, EmbeddedOnly("refused as documented; daprd 1.18 passes over such a projection")]
    public async Task A_projection_without_an_operation_of_its_key_is_refused()
    {
        using var http = Machine.Http(await StartAsync("state.in-memory"));
        Assert.Equal(
            500,
            await TransactAsync(
                http,
                new
                {
                    operation = "upsert",
                    request = new { key = "a", value = "x", metadata = new Dictionary<string, string> { ["outbox.projection"] = "true" } },
                }));
        Assert.Equal((204, ""), await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/state/store/a"));
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    private static async Task<int> TransactAsync(HttpClient http, params object[] operations) =>
        (await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/state/store/transaction", new { operations })).Status;

    private async Task<ITestedSidecar> StartAsync(string engine, string pubSub = "pubsub")
    {
        var port = await _machine.StartAppAsync(
            app => app.MapPost(
                "/changes", async (HttpContext http) => _events.Writer.TryWrite(await http.Request.ReadFromJsonAsync<JsonElement>())));
        (string, string)[] outbox = [("outboxPublishPubsub", pubSub), ("outboxPublishTopic", "changes")];
        return await _machine.StartAsync(
            Machine.Component("store", engine, engine == "state.sqlite" ? [("connectionString", "state.db"), .. outbox] : outbox)
            + Machine.Component("pubsub", "pubsub.sqlite", ("connectionString", "broker.db"))
            + """
              apiVersion: dapr.io/v2alpha1
              kind: Subscription
              metadata: {name: changes}
              spec:
                pubsubname: pubsub
                topic: changes
                routes: {default: /changes}
              ---

              """, port);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
