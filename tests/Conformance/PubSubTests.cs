using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Conformance.Daprd;
using Xunit;

namespace Samples.Conformance;

/// <summary>Publishing and subscribing as applications do it: the SDK on both sides, and what a handler may answer.</summary>
public sealed class PubSubTests : IAsyncDisposable
{
    /// <summary>Why a test of redelivery skips daprd.</summary>
    internal const string NoRedelivery =
        "daprd 1.18 acknowledges on Redis what the application refused, and its broker in memory forgets it";

    private readonly Machine _machine = new();
    private readonly Channel<Got> _got = Channel.CreateUnbounded<Got>();

    public static TheoryData<string> Engines => ["pubsub.in-memory", "pubsub.sqlite"];

    [Theory(Timeout = 30_000), MemberData(nameof(Engines))]
    public async Task An_aspnet_application_gets_what_the_sdk_publishes(string engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        var orders = Channel.CreateUnbounded<Order>();
        var port = await _machine.StartAppAsync(app =>
        {
            app.UseCloudEvents();
            app.MapSubscribeHandler();
            app.MapPost("/orders", (Order order) => orders.Writer.TryWrite(order)).WithTopic("pubsub", "orders");
            app.MapPost("/big", (Order order) => orders.Writer.TryWrite(order with { Name = "big " + order.Name }))
                .WithTopic(new TopicOptions { PubsubName = "pubsub", Name = "routed", Match = "event.data.id > 100", Priority = 1 });
            app.MapPost("/small", (Order order) => orders.Writer.TryWrite(order)).WithTopic("pubsub", "routed");
        });
        using var dapr = Machine.Client(await StartAsync(engine, port));
        await dapr.PublishEventAsync("pubsub", "orders", new Order(1, "tea, größer"), cancel);
        Assert.Equal(new Order(1, "tea, größer"), await orders.Reader.ReadAsync(cancel));
        await dapr.PublishEventAsync("pubsub", "routed", new Order(7, "x"), cancel);
        Assert.Equal(new Order(7, "x"), await orders.Reader.ReadAsync(cancel));
        await dapr.PublishEventAsync("pubsub", "routed", new Order(700, "x"), cancel);
        Assert.Equal(new Order(700, "big x"), await orders.Reader.ReadAsync(cancel));
        var bulk = await dapr.BulkPublishEventAsync("pubsub", "orders", [new Order(2, "a"), new Order(3, "b")], cancellationToken: cancel);
        Assert.Empty(bulk.FailedEntries);
        Assert.Equal(
            [2, 3], new[] { await orders.Reader.ReadAsync(cancel), await orders.Reader.ReadAsync(cancel) }.Select(o => o.Id).Order());
        await dapr.PublishByteEventAsync(
            "pubsub", "orders", """{"id": 4, "name": "bytes"}"""u8.ToArray(), "application/json", cancellationToken: cancel);
        Assert.Equal(new Order(4, "bytes"), await orders.Reader.ReadAsync(cancel));
    }

    [Theory(Timeout = 30_000), MemberData(nameof(Engines))]
    public async Task Each_application_gets_a_copy_and_its_replicas_share_it(string engine)
    {
        Assert.SkipWhen(Executables.AreGiven && engine == "pubsub.in-memory", "each daprd has a broker in memory of its own");
        var cancel = TestContext.Current.CancellationToken;
        var sidecar = await StartAsync(engine, await StubAsync("a", Topic("t")), "a");
        await StartAsync(engine, await StubAsync("a", Topic("t")), "a");
        await StartAsync(engine, await StubAsync("b", Topic("t")), "b");
        using var http = Machine.Http(sidecar);
        for (var i = 0; i < 20; i++)
            await PublishAsync(http, "t", i);
        var got = new List<(string, int)>();
        while (got.Count < 40)
        {
            var one = await _got.Reader.ReadAsync(cancel);
            got.Add((one.App, one.Event.GetProperty("data").GetInt32()));
        }

        Assert.Equal(Enumerable.Range(0, 20).SelectMany(i => new[] { ("a", i), ("b", i) }).Order(), got.Order());
        Assert.False(_got.Reader.TryRead(out _));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("fails", 500, "", true)]
    [InlineData("drops", 200, """{"status":"DROP"}""", true)]
    [InlineData("retries", 200, """{"status":"RETRY"}""", true)]
    [InlineData("odd", 200, """{"status":"WHATEVER"}""", true)]
    [InlineData("absent", 404, "", true)]
    [InlineData("fine", 200, """{"status":"SUCCESS"}""", false)]
    [InlineData("quiet", 204, "", false)]
    [InlineData("chatty", 200, "thank you", false)]
    public async Task What_a_handler_answers_decides_about_the_dead_letter(string topic, int status, string body, bool dead)
    {
        var cancel = TestContext.Current.CancellationToken;
        var port = await StubAsync(
            "app1",
            [new { pubsubname = "pubsub", topic, route = "/" + topic, deadLetterTopic = "dead" }, .. Topic("dead"), .. Topic("end")],
            path => path == "/" + topic ? (status, body) : (200, ""));
        using var http = Machine.Http(await StartAsync("pubsub.in-memory", port));
        await PublishAsync(http, topic, 1);
        Assert.Equal("/" + topic, (await _got.Reader.ReadAsync(cancel)).Path);
        if (dead)
        {
            var letter = await _got.Reader.ReadAsync(cancel);
            Assert.Equal(
                ("/dead", topic, 1),
                (letter.Path, letter.Event.GetProperty("topic").GetString(), letter.Event.GetProperty("data").GetInt32()));
        }

        await PublishAsync(http, "end", 2);
        Assert.Equal("/end", (await _got.Reader.ReadAsync(cancel)).Path);
    }

    [Theory(Timeout = 30_000), MemberData(nameof(Engines)), EmbeddedOnly(NoRedelivery)]
    public async Task Without_a_dead_letter_topic_what_is_refused_comes_again_and_what_is_dropped_does_not(string engine)
    {
        var cancel = TestContext.Current.CancellationToken;
        var tries = 0;
        var port = await StubAsync("app1", [.. Topic("retried"), .. Topic("dropped"), .. Topic("gone")], path => path switch
        {
            "/retried" when ++tries <= 2 => (200, """{"status":"RETRY"}"""),
            "/dropped" => (200, """{"status":"DROP"}"""),
            "/gone" => (404, ""),
            _ => (200, ""),
        });
        using var http = Machine.Http(await StartAsync(engine, port, settings: ("redeliverInterval", "20ms")));
        await PublishAsync(http, "dropped", 1);
        await PublishAsync(http, "gone", 1);
        await PublishAsync(http, "retried", 1);
        var paths = new List<string>();
        while (paths.Count(p => p == "/retried") < 3)
            paths.Add((await _got.Reader.ReadAsync(cancel)).Path);
        Assert.Equal(["/dropped", "/gone", "/retried", "/retried", "/retried"], paths.Order());
    }

    [Fact(Timeout = 30_000)]
    public async Task Files_subscribe_in_both_versions_and_route()
    {
        var cancel = TestContext.Current.CancellationToken;
        const string Declared = """
            apiVersion: dapr.io/v1alpha1
            kind: Subscription
            metadata:
              name: plain
            spec:
              pubsubname: pubsub
              topic: plain
              route: /from-a-file
            scopes:
            - app1
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata:
              name: routed
            spec:
              pubsubname: pubsub
              topic: routed
              routes:
                rules:
                - match: event.type == "order.v2"
                  path: /v2
                - match: has(event.data.id) && event.data.id > 10
                  path: /big
                default: /rest
              deadLetterTopic: dead
            ---

            """;
        var sidecar = await StartAsync("pubsub.in-memory", await StubAsync("app1", Topic("asked")), more: Declared);
        using var http = Machine.Http(sidecar);
        foreach (var (topic, body, path) in new[]
        {
            ("plain", (object)1, "/from-a-file"), ("routed?metadata.cloudevent.type=order.v2", new { id = 11 }, "/v2"),
            ("routed", new { id = 11 }, "/big"), ("routed", new { id = 1 }, "/rest"), ("asked", 1, "/asked"),
        })
        {
            await PublishAsync(http, topic, body);
            Assert.Equal(path, (await _got.Reader.ReadAsync(cancel)).Path);
        }

        var (_, metadata) = await Machine.AskAsync(http, HttpMethod.Get, "/v1.0/metadata");
        var told = JsonNode.Parse(metadata)!["subscriptions"];
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""
            [{"pubsubname":"pubsub","topic":"plain","rules":[{"path":"/from-a-file"}],"deadLetterTopic":"","type":"DECLARATIVE"},
             {"pubsubname":"pubsub","topic":"routed","rules":[{"match":"event.type == \"order.v2\"","path":"/v2"},
               {"match":"has(event.data.id) && event.data.id > 10","path":"/big"},{"path":"/rest"}],
              "deadLetterTopic":"dead","type":"DECLARATIVE"},
             {"pubsubname":"pubsub","topic":"asked","rules":[{"path":"asked"}],"deadLetterTopic":"","type":"PROGRAMMATIC"}]
            """), told), told!.ToJsonString());
    }

    [Fact(Timeout = 30_000), EmbeddedOnly("daprd's broker in memory hands over one message at a time")]
    public async Task A_batch_is_one_request_and_each_of_its_events_has_its_answer()
    {
        var cancel = TestContext.Current.CancellationToken;
        var first = true;
        var port = await StubAsync("app1",
            [
                new
                {
                    pubsubname = "pubsub",
                    topic = "bulk",
                    route = "/bulk",
                    bulkSubscribe = new { enabled = true, maxMessagesCount = 3, maxAwaitDurationMs = 60_000 },
                },
                .. Topic("end")
            ],
            (path, body) =>
            {
                if (path != "/bulk")
                    return (200, "");
                using var envelope = JsonDocument.Parse(body);
                var ids = envelope.RootElement
                    .GetProperty("entries")
                    .EnumerateArray()
                    .Select(e => e.GetProperty("entryId").GetString())
                    .ToArray();
                // The first time, one is refused and one has no status.
                var statuses = first
                    ? new[] { new { entryId = ids[0], status = "SUCCESS" }, new { entryId = ids[1], status = "RETRY" } }
                    : [.. ids.Select(i => new { entryId = i, status = "SUCCESS" })];
                first = false;
                return (200, JsonSerializer.Serialize(new { statuses }));
            });
        using var http = Machine.Http(await StartAsync("pubsub.in-memory", port, settings: ("redeliverInterval", "20ms")));
        var sent = await Machine.AskAsync(
            http, HttpMethod.Post, "/v1.0/publish/bulk/pubsub/bulk",
            Enumerable.Range(1, 3).Select(i => new { entryId = $"{i}", @event = i, contentType = "application/json" }));
        Assert.Equal((204, ""), sent);
        var batch = (await _got.Reader.ReadAsync(cancel)).Event;
        Assert.Equal(("com.dapr.event.sent.bulk", "bulk", "pubsub"),
            (batch.GetProperty("type").GetString(), batch.GetProperty("topic").GetString(), batch.GetProperty("pubsubname").GetString()));
        Assert.Equal([1, 2, 3], Data(batch));
        await PublishAsync(http, "bulk", 4);
        Assert.Equal([2, 3, 4], Data((await _got.Reader.ReadAsync(cancel)).Event).Order());

        static IEnumerable<int> Data(JsonElement batch) =>
            batch.GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("event").GetProperty("data").GetInt32());
    }

    [Fact(Timeout = 30_000)]
    public async Task The_trace_of_a_publisher_reaches_the_handler_and_an_untraced_event_gets_one()
    {
        const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync("pubsub.in-memory", await StubAsync("app1", Topic("t"))));
        using var request = new HttpRequestMessage(
            HttpMethod.Post,
            "/v1.0/publish/pubsub/t")
        {
            Content = new StringContent("1"),
            Headers = { { "traceparent", Trace }, { "tracestate", "a=b" } }
        };
        (await http.SendAsync(request, cancel)).EnsureSuccessStatusCode();
        var traced = await _got.Reader.ReadAsync(cancel);
        Assert.Equal((Trace, Trace), (traced.Header("traceparent"), traced.Event.GetProperty("traceid").GetString()));
        // Daprd lets go of the state here; the standard wants both passed on.
        Assert.Equal(Executables.AreReal ? "" : "a=b", traced.Header("tracestate"));
        await PublishAsync(http, "t", 1);
        var untraced = await _got.Reader.ReadAsync(cancel);
        // A daprd that does not trace sends zeros.
        Assert.Matches(Executables.AreReal ? "^00-0{32}-0{16}-00$" : "^00-[0-9a-f]{32}-[0-9a-f]{16}-01$", untraced.Header("traceparent"));
        Assert.Equal("", untraced.Event.GetProperty("traceparent").GetString());
    }

    [Fact(Timeout = 30_000), EmbeddedOnly("daprd cannot deliver an event with such metadata")]
    public async Task Metadata_becomes_headers_but_never_the_ones_that_frame_the_request_or_open_the_application()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync("pubsub.sqlite", await StubAsync("app1", Topic("t"))));
        var query = "?metadata.mine=7&metadata.content-length=3&metadata.dapr-api-token=x&metadata.host=evil"
            + "&metadata.bad=%0d%0aX:1&metadata.b%20d=1&metadata.uml=%c3%a4";
        await PublishAsync(http, "t" + query, 1);
        var got = await _got.Reader.ReadAsync(cancel);
        Assert.Equal(
            ("7", "", "application/cloudevents+json"), (got.Header("mine"), got.Header("dapr-api-token"), got.Header("content-type")));
        Assert.StartsWith("127.0.0.1", got.Header("host"));
    }

    [Fact(Timeout = 30_000)]
    public async Task An_expired_event_is_not_delivered()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var http = Machine.Http(await StartAsync("pubsub.in-memory", await StubAsync("app1", Topic("t"))));
        foreach (var expiration in new[] { "2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z" })
        {
            var body = $$"""{"specversion":"1.0","id":"{{expiration}}","type":"t","source":"s","expiration":"{{expiration}}"}""";
            using var content = new StringContent(body, Encoding.UTF8, "application/cloudevents+json");
            (await http.PostAsync("/v1.0/publish/pubsub/t", content, cancel)).EnsureSuccessStatusCode();
        }

        Assert.Equal("2999-01-01T00:00:00Z", (await _got.Reader.ReadAsync(cancel)).Event.GetProperty("id").GetString());
        Assert.False(_got.Reader.TryRead(out _));
    }

    private Task<ITestedSidecar> StartAsync(
        string engine, int? port, string appId = "app1", string more = "", params (string, string)[] settings) =>
        _machine.StartAsync(
            Machine.Component("pubsub", engine, engine == "pubsub.sqlite" ? [("connectionString", "pubsub.db"), .. settings] : settings)
                + more,
            port, appId);

    private Task<int> StubAsync(string app, object[] subscriptions, Func<string, (int, string)>? answer = null) =>
        StubAsync(app, subscriptions, (path, _) => answer?.Invoke(path) ?? (200, ""));

    private Task<int> StubAsync(
        string app, object[] subscriptions, Func<string, string, (int Status, string Body)> answer) => _machine.StartAppAsync(web =>
    {
        web.MapGet("/dapr/subscribe", () => subscriptions);
        web.MapPost("/{**path}", async (HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var body = await reader.ReadToEndAsync();
            using var json = JsonDocument.Parse(body);
            var headers = http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            var (status, text) = answer(http.Request.Path, body);
            _got.Writer.TryWrite(new Got(app, http.Request.Path, json.RootElement.Clone(), headers));
            return Results.Text(text, statusCode: status);
        });
    });

    private static object[] Topic(string topic) => [new { pubsubname = "pubsub", topic, route = topic }];

    private static async Task PublishAsync(HttpClient http, string topic, object data) =>
        Assert.Equal((204, ""), await Machine.AskAsync(http, HttpMethod.Post, "/v1.0/publish/pubsub/" + topic, data));

    public ValueTask DisposeAsync() => _machine.DisposeAsync();

    private sealed record Order(int Id, string Name);

    private sealed record Got(string App, string Path, JsonElement Event, Dictionary<string, string> Headers)
    {
        public string Header(string name) => Headers.GetValueOrDefault(name, "");
    }
}
