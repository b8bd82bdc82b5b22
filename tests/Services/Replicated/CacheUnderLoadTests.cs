using Microsoft.AspNetCore.Http;
using Samples.Cache.Storage;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>Crowds, an origin that fails, and memory.</summary>
public sealed class CacheUnderLoadTests
{
    private const int Crowd = 50;

    [Fact]
    public async Task Fifty_cold_clients_cost_the_origin_one_request()
    {
        var go = new TaskCompletionSource();
        await using var bench = await CacheBench.StartAsync(async http =>
        {
            await go.Task;
            await ScriptedOrigin.SayAsync(http, "one", "Cache-Control: public, max-age=60");
        });
        var asking = Enumerable.Range(0, Crowd).Select(_ => bench.GetAsync("/a")).ToList();
        await UntilAsync(() => !bench.Origin.Asked.IsEmpty);
        go.SetResult();
        var answers = await Task.WhenAll(asking);
        Assert.All(answers, a => Assert.Equal("one", a.Body));
        Assert.Single(bench.Origin.Asked);
    }

    [Fact]
    public async Task A_thing_that_turns_out_private_is_nobody_elses()
    {
        await using var bench = await CacheBench.StartAsync(http =>
            ScriptedOrigin.SayAsync(http, $"for {http.Request.Headers["X-User"]}", "Cache-Control: private"));
        var answers = await Task.WhenAll(Enumerable.Range(0, Crowd).Select(i => bench.GetAsync("/a", $"X-User: {i}")));
        Assert.Equal(Enumerable.Range(0, Crowd).Select(i => $"for {i}"), answers.Select(a => a.Body));
    }

    [Fact]
    public async Task A_client_that_leaves_does_not_take_the_others_answer_with_it()
    {
        var go = new TaskCompletionSource();
        await using var bench = await CacheBench.StartAsync(async http =>
        {
            await go.Task;
            await ScriptedOrigin.SayAsync(http, "one", "Cache-Control: public, max-age=60");
        });
        using var leave = new CancellationTokenSource();
        var first = bench.LeaveAsync("/a", leave.Token);
        await UntilAsync(() => !bench.Origin.Asked.IsEmpty);
        var second = bench.GetAsync("/a");
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        go.SetResult();
        Assert.Equal("one", (await second).Body);
        Assert.Single(bench.Origin.Asked);
    }

    [Fact]
    public async Task A_stale_answer_is_served_while_one_request_renews_it()
    {
        var version = 1;
        await using var bench = await CacheBench.StartAsync(http =>
            ScriptedOrigin.SayAsync(http, $"v{version}", "Cache-Control: max-age=10, stale-while-revalidate=60"));
        await bench.GetAsync("/a");
        version = 2;
        bench.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("v1", (await bench.GetAsync("/a")).Body);
        await UntilAsync(async () => (await bench.GetAsync("/a")).Body == "v2");
        Assert.Equal(2, bench.Origin.Asked.Count);
        bench.Time.Advance(TimeSpan.FromSeconds(100));
        version = 3;
        Assert.Equal("v3", (await bench.GetAsync("/a")).Body);
    }

    [Fact]
    public async Task Where_the_origin_fails_a_stale_answer_serves_for_as_long_as_it_may()
    {
        var fails = false;
        await using var bench = await CacheBench.StartAsync(http =>
        {
            http.Response.StatusCode = fails ? 503 : 200;
            return ScriptedOrigin.SayAsync(
                http, fails ? "down" : "one", fails ? "X-A: b" : "Cache-Control: max-age=10, stale-if-error=100");
        });
        await bench.GetAsync("/a");
        fails = true;
        bench.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("one", (await bench.GetAsync("/a")).Body);
        bench.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal((503, "down"), await StatusAsync(bench.GetAsync("/a")));
        await bench.Origin.DisposeAsync();
        Assert.Equal(502, (await bench.GetAsync("/a")).Status);
    }

    [Fact]
    public void Memory_is_bounded_in_bytes_and_the_longest_unused_goes_first()
    {
        var store = new CacheStore(20_000);
        var asked = new HeaderDictionary();
        for (var i = 0; i < 100; i++)
        {
            Assert.True(store.Put($"k{i}", Answer(1000)));
            Assert.NotNull(store.Find("k0", asked));
            Assert.InRange(store.Bytes, 1, 20_000);
        }

        Assert.NotNull(store.Find("k99", asked));
        Assert.Null(store.Find("k50", asked));
        Assert.False(store.Put("large", Answer(30_000)));
        Assert.NotNull(store.Find("k99", asked));
        foreach (var i in Enumerable.Range(0, 100))
            store.Remove($"k{i}");
        Assert.Equal((0, 0L), (store.Count, store.Bytes));
    }

    private static StoredResponse Answer(int size) => new()
    {
        Status = 200, Headers = new Dictionary<string, Microsoft.Extensions.Primitives.StringValues>(), Body = new byte[size],
        Asked = DateTimeOffset.UnixEpoch, Received = DateTimeOffset.UnixEpoch, Selecting = [],
    };

    private static async Task<(int Status, string Body)> StatusAsync(Task<CacheAnswer> asked) => ((await asked).Status, (await asked).Body);

    private static Task UntilAsync(Func<bool> isSo) => UntilAsync(() => Task.FromResult(isSo()));

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        while (!await isSo())
            await Task.Delay(10, Machine.Cancel);
    }
}
