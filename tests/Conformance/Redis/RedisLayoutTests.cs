using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Samples.Conformance.Record;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>What a real daprd left in Redis after a few writes is what the same writes leave here.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisLayoutTests
{
    [Fact(Timeout = 60_000)]
    public async Task The_same_writes_leave_the_same_keys()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        await using var machine = new Machine();
        var host = ("redisHost", bench.Server.Host);
        var port = await machine.StartAppAsync(new StubApp(StubApp.OneTopic).Map);
        var sidecar = await machine.StartAsync(
            Machine.Component("statestore", "state.redis", host, ("actorStateStore", "true"))
                + Machine.Component("byname", "state.redis", host, ("keyPrefix", "name"))
            + Machine.Component("noprefix", "state.redis", host, ("keyPrefix", "none"))
                + Machine.Component("lockstore", "lock.redis", host)
            + Machine.Component("pubsub", "pubsub.redis", host) + Machine.Component("out", "bindings.redis", host), port);
        using var http = Machine.Http(sidecar);
        var record = JsonNode.Parse(
            await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Record", "redis-1.18.json"), Machine.Cancel))!;
        var likeness = new Likeness();
        foreach (var write in record["writes"]!.AsArray())
        {
            if (write!["name"]!.GetValue<string>().Contains("/actors/", StringComparison.Ordinal))
                await ActivateAsync(http);
            using var request = new HttpRequestMessage(HttpMethod.Post, write["request"]!["path"]!.GetValue<string>());
            request.Content = new StringContent(Sent(write["request"]!["body"]!), new MediaTypeHeaderValue("application/json"));
            using var response = await http.SendAsync(request, Machine.Cancel);
            Assert.Equal(write["response"]!["status"]!.GetValue<int>(), (int)response.StatusCode);
        }

        var recorded = record["keys"]!.AsArray();
        var keys = ((RedisResult[])(await bench.Redis.ExecuteAsync("KEYS", "*"))!).Select(k => k.ToString()).Order(StringComparer.Ordinal);
        Assert.Equal(recorded.Select(k => k!["key"]!.GetValue<string>()).Order(StringComparer.Ordinal), keys);
        foreach (var key in recorded)
            Assert.Empty(
                likeness.Compare(
                    Telling(key!), await LookAsync(bench.Redis, key!["key"]!.GetValue<string>()), key["key"]!.GetValue<string>()));
    }

    // Only an actor that is here may write its state.
    private static async Task ActivateAsync(HttpClient http) => await RedisBench.UntilAsync(async () =>
        (await Machine.AskAsync(http, HttpMethod.Put, "/v1.0/actors/Counter/1/method/inc", new { })).Status == 200);

    // The client of the recording wrote its JSON with a space after the colon, which a raw payload shows.
    private static string Sent(JsonNode body) =>
        body is JsonObject { Count: 1 } ? body.ToJsonString().Replace(":", ": ") : body.ToJsonString();

    // Whether a key expires, but not when; an entry's fields, but not its id.
    private static JsonObject Telling(JsonNode key) => new()
    {
        ["type"] = key["type"]!.DeepClone(),
        ["expires"] = key["pttl"]!.GetValue<long>() > 0,
        ["value"] = key["value"] is JsonArray list
            ? new JsonArray([.. list.Where(i => !IsEntryId(i!)).Select(i => i!.DeepClone())])
            : key["value"]!.DeepClone(),
        ["group"] = key["groups"]?[1]?.DeepClone(),
        ["consumer"] = key["consumers"]?[1]?.DeepClone(),
    };

    private static bool IsEntryId(JsonNode item) => item.GetValue<string>() is [.., '-', '0'] text && text.Length == 15;

    private static async Task<JsonObject> LookAsync(IDatabase redis, string key)
    {
        var type = await redis.KeyTypeAsync(key);
        JsonNode value = type switch
        {
            RedisType.Hash => Texts((await redis.HashGetAllAsync(key)).SelectMany(f => new[] { f.Name, f.Value })),
            RedisType.Stream =>
                Texts((await redis.StreamRangeAsync(key)).SelectMany(e => e.Values.SelectMany(f => new[] { f.Name, f.Value }))),
            _ => (await redis.StringGetAsync(key)).ToString(),
        };
        return new JsonObject
        {
            ["type"] = type.ToString().ToLowerInvariant(),
            ["expires"] = await redis.KeyTimeToLiveAsync(key) is not null,
            ["value"] = value,
            ["group"] = type == RedisType.Stream ? (await redis.StreamGroupInfoAsync(key)).Single().Name : null,
            ["consumer"] = type == RedisType.Stream ? (await redis.StreamConsumerInfoAsync(key, "app1")).Single().Name : null,
        };
    }

    private static JsonArray Texts(IEnumerable<RedisValue> values) => new([.. values.Select(v => JsonValue.Create(v.ToString()))]);
}
