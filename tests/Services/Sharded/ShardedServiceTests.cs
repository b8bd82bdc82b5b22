using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Samples.Services.Sharded;

/// <summary>Origin, two replicas of a shard and a router as processes, each with its sidecar.</summary>
public sealed class ShardedServiceTests
{
    [Fact]
    public async Task Answers_come_from_the_shard_and_from_the_origin_when_it_is_gone_and_never_from_before_a_write()
    {
        await using var machine = new Machine();
        var documents = Directory.CreateDirectory(Path.Combine(machine.Folder, "documents")).FullName;
        foreach (var (name, text) in new[] { ("one", "a red house"), ("two", "a blue house"), ("three", "a red boat") })
            await File.WriteAllTextAsync(Path.Combine(documents, name + ".txt"), text, Machine.Cancel);
        await machine.StartAsync("Samples.Origin", "origin", ("SAMPLES_FOLDER", documents), ("COST_MS", "1"), ("LEASE_SECONDS", "10"));
        var one = await machine.StartAsync("Samples.CacheShard", "cache-shard-1-a", ("CACHE_KIB", "64"));
        var other = await machine.StartAsync("Samples.CacheShard", "cache-shard-1-b", ("CACHE_KIB", "64"));
        var router = await machine.StartAsync("Samples.ShardRouter", "shard-router",
            ("SHARDS", "1: cache-shard-1-a, cache-shard-1-b"), ("KEY_PARAMETERS", "q,limit,id"), ("FRONT_DOOR", "true"));
        await machine.WaitAsync("both replicas have a lease", async () =>
            (await one.AskAsync(HttpMethod.Get, "/stats")).Body.GetProperty("isCurrent").GetBoolean()
            && (await other.AskAsync(HttpMethod.Get, "/stats")).Body.GetProperty("isCurrent").GetBoolean());

        // Each replica asks once; then both know it, however it is asked for.
        string[] ways = ["/search?q=red&limit=5", "/search?limit=5&q=red", "/search?q=red&limit=5&session=7", "/search?Q=red&limit=5"];
        var answers = new List<HttpResponseMessage>();
        foreach (var way in ways)
            answers.Add(await router.Http.GetAsync(way, Machine.Cancel));
        Assert.Equal(["MISS", "MISS", "HIT", "HIT"], answers.Select(a => Header(a, "X-Cache")));
        Assert.Equal(2, answers.Select(a => Header(a, "X-Replica")).Distinct().Count());
        foreach (var answer in answers)
            Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<JsonElement>(Machine.Cancel)).GetProperty("total").GetInt32());

        // A write through the router: whoever asks after it gets it.
        for (var version = 1; version <= 3; version++)
        {
            var text = version % 2 == 1 ? "a green boat" : "a red boat";
            var written = await router.AskAsync(HttpMethod.Put, "/documents?id=three.txt", new { summary = text });
            Assert.Equal((200, version), (written.Status, written.Body.GetProperty("version").GetInt32()));
            for (var i = 0; i < 4; i++)
                Assert.Equal(
                    version % 2 == 1 ? 1 : 2, (await router.AskAsync(HttpMethod.Get, ways[i])).Body.GetProperty("total").GetInt32());
        }

        // One replica dies, then the other one.
        one.Signal("KILL");
        for (var i = 0; i < 10; i++)
        {
            using var answer = await router.Http.GetAsync("/search?q=blue", Machine.Cancel);
            Assert.Equal((HttpStatusCode.OK, "cache-shard-1-b-3"), (answer.StatusCode, Header(answer, "X-Replica")));
        }

        other.Signal("KILL");
        for (var i = 0; i < 5; i++)
        {
            using var answer = await router.Http.GetAsync("/search?q=blue", Machine.Cancel);
            Assert.Equal((HttpStatusCode.OK, "BYPASS"), (answer.StatusCode, Header(answer, "X-Cache")));
        }

        await RefuseAsync(router);
    }

    private static async Task RefuseAsync(Service router)
    {
        (int Status, HttpMethod Method, string Path, object? Body)[] bad =
        [
            (400, HttpMethod.Get, "/search", null),
            (400, HttpMethod.Get, "/search?q=%20%20", null),
            (400, HttpMethod.Get, "/search?q=a&limit=0", null),
            (400, HttpMethod.Get, "/search?q=a&limit=x", null),
            (400, HttpMethod.Get, "/search?q=" + string.Join('+', Enumerable.Range(0, 17)), null),
            (404, HttpMethod.Get, "/nothing", null),
            (404, HttpMethod.Get, "/documents?id=nobody", null),
            (400, HttpMethod.Get, "/documents", null),
            (414, HttpMethod.Get, "/search?q=" + new string('x', 8200), null),
            (400, HttpMethod.Put, "/documents?id=a", new { summary = "" }),
            (400, HttpMethod.Put, "/documents?id=a", new { summary = new string('x', 2001) }),
            (400, HttpMethod.Put, "/documents", new { summary = "x" }),
            (400, HttpMethod.Put, "/documents?id=a", "no object"),
            (413, HttpMethod.Put, "/documents?id=a", new { summary = new string('x', 1024 * 1024) }),
            (404, HttpMethod.Get, "/changes?holder=me", null),
            (404, HttpMethod.Get, "/dapr/config", null),
            (400, HttpMethod.Post, "/ring/owners", new[] { "no path" }),
            (400, HttpMethod.Post, "/ring/owners", new string?[] { null }),
        ];
        foreach (var (status, method, path, body) in bad)
        {
            var (got, problem) = await router.AskAsync(method, path, body);
            Assert.True(got == status, $"{method} {path[..Math.Min(60, path.Length)]}: {got} {problem}");
            if (problem.ValueKind == JsonValueKind.Object)
                Assert.DoesNotContain("   at ", problem.ToString(), StringComparison.Ordinal);
        }
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.First() : null;
}
