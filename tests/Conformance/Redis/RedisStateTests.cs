using System.Text;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary><c>state.redis</c>: Dapr's layout, and what a write may replace.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisStateTests
{
    private static CancellationToken Cancel => RedisBench.Cancel;

    [Fact(Timeout = 60_000)]
    public async Task A_key_is_a_hash_with_data_and_a_version_that_counts()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        await SetAsync(store, "k", "\"one\"");
        await SetAsync(store, "k", "\"two\"");
        Assert.Equal([("data", "\"two\""), ("version", "2")], await FieldsAsync(bench, "k"));
        Assert.Equal("2", (await store.GetAsync("k", Cancel))!.ETag);
        await SetAsync(store, "new", "1", null, Concurrency.FirstWrite);
        Assert.Equal([("data", "1"), ("first-write", "0"), ("version", "1")], await FieldsAsync(bench, "new"));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_daprd_and_others_wrote_is_read()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        await bench.Redis.HashSetAsync("app1||k", [new("data", "{\"a\":1}"), new("version", "7"), new("first-write", "0")]);
        await bench.Redis.StringSetAsync("plain", "text");
        var items = await store.GetManyAsync(["app1||k", "absent", "plain"], Cancel);
        Assert.Equal(("{\"a\":1}", "7"), (Text(items[0]), items[0]!.ETag));
        Assert.Null(items[1]);
        Assert.Equal("text", Text(items[2]));
        // A key of another kind is replaced, as daprd does.
        await SetAsync(store, "plain", "1");
        Assert.Equal([("data", "1"), ("version", "1")], await FieldsAsync(bench, "plain"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_write_is_refused_as_daprd_refuses_it()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        await SetAsync(store, "k", "1", null, Concurrency.FirstWrite);
        await SetAsync(store, "k", "2", "1");
        await Assert.ThrowsAsync<ETagMismatchException>(() => SetAsync(store, "k", "3", "1"));
        await Assert.ThrowsAsync<InvalidETagException>(() => SetAsync(store, "k", "3", "banana"));
        // A key that was written under first-write takes nothing without an ETag any more.
        await Assert.ThrowsAsync<EngineRequestException>(() => SetAsync(store, "k", "3"));
        await Assert.ThrowsAsync<EngineRequestException>(() => SetAsync(store, "k", "3", null, Concurrency.FirstWrite));
        await Assert.ThrowsAsync<ETagMismatchException>(() => store.WriteAsync([new StateWrite.Delete("k", "9")], Cancel));
        Assert.Equal("2", Text(await store.GetAsync("k", Cancel)));
        await store.WriteAsync([new StateWrite.Delete("k", "2")], Cancel);
        await store.WriteAsync([new StateWrite.Delete("k", "2")], Cancel);
        Assert.False(await bench.Redis.KeyExistsAsync("k"));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_transaction_is_applied_whole_or_not_at_all()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        await SetAsync(store, "x", "old");
        await Assert.ThrowsAsync<ETagMismatchException>(() => store.WriteAsync(
            [new StateWrite.Set("y", "1"u8.ToArray()), new StateWrite.Delete("x"), new StateWrite.Set("x", "2"u8.ToArray(), "99")],
            Cancel));
        Assert.Null(await store.GetAsync("y", Cancel));
        Assert.Equal("old", Text(await store.GetAsync("x", Cancel)));
        await store.WriteAsync(
            [new StateWrite.Set("y", "1"u8.ToArray(), Ttl: TimeSpan.FromHours(1)), new StateWrite.Delete("x", "1")], Cancel);
        Assert.Equal("1", Text(await store.GetAsync("y", Cancel)));
        Assert.NotNull(await bench.Redis.KeyTimeToLiveAsync("y"));
        Assert.Null(await store.GetAsync("x", Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_life_is_set_kept_and_taken_away_as_with_daprd()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        var lasting = await bench.OpenAsync<IStateStore>("state.redis", ("ttlInSeconds", "500"));
        await store.WriteAsync([new StateWrite.Set("k", "1"u8.ToArray(), Ttl: TimeSpan.FromSeconds(600))], Cancel);
        Assert.InRange((await bench.Redis.KeyTimeToLiveAsync("k"))!.Value.TotalSeconds, 500, 600);
        await SetAsync(store, "k", "2");
        Assert.InRange((await bench.Redis.KeyTimeToLiveAsync("k"))!.Value.TotalSeconds, 500, 600);
        await store.WriteAsync([new StateWrite.Set("k", "3"u8.ToArray(), Ttl: TimeSpan.Zero)], Cancel);
        Assert.Null(await bench.Redis.KeyTimeToLiveAsync("k"));
        Assert.Equal("3", Text(await store.GetAsync("k", Cancel)));
        await SetAsync(lasting, "d", "1");
        Assert.InRange((await bench.Redis.KeyTimeToLiveAsync("d"))!.Value.TotalSeconds, 400, 500);
        await lasting.WriteAsync([new StateWrite.Set("d", "1"u8.ToArray(), Ttl: TimeSpan.Zero)], Cancel);
        Assert.Null(await bench.Redis.KeyTimeToLiveAsync("d"));
        await store.WriteAsync([new StateWrite.Set("short", "1"u8.ToArray(), Ttl: TimeSpan.FromSeconds(1))], Cancel);
        await RedisBench.UntilAsync(async () => await store.GetAsync("short", Cancel) is null);
    }

    [Fact(Timeout = 60_000)]
    public async Task Writers_that_compare_and_swap_one_counter_lose_no_increment()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        await SetAsync(store, "n", "0");
        await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
        {
            while (true)
            {
                var item = (await store.GetAsync("n", Cancel))!;
                try
                {
                    await SetAsync(store, "n", $"{int.Parse(Text(item)!) + 1}", item.ETag);
                    return;
                }
                catch (ETagMismatchException)
                {
                    // Another writer was faster: read again.
                }
            }
        }));
        Assert.Equal("32", Text(await store.GetAsync("n", Cancel)));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_prefix_is_taken_by_the_letter()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        foreach (var key in (string[])["a*||1", "a*||2", "ab||1", "a[b]", "ab"])
            await SetAsync(store, key, "1");
        Assert.Equal(["a*||1", "a*||2"], await store.KeysWithPrefixAsync("a*", Cancel));
        Assert.Equal(2, await store.DeleteWithPrefixAsync("a*", Cancel));
        Assert.Equal(1, await store.DeleteWithPrefixAsync("a[b]", Cancel));
        Assert.NotNull(await store.GetAsync("ab||1", Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task Operations_on_one_key_need_no_more_than_a_sharding_proxy_forwards()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        // What the script itself calls is checked as well, so it is on the list; what else is sent stands in the log of refusals.
        await bench.Redis.ExecuteAsync(
            "ACL", "SETUSER", "proxied", "on", ">secret", "~*", "-@all", "+eval", "+hmget", "+del", "+get", "+info", "+ping", "+hello",
            "+auth",
            "+client", "+command", "+hget", "+hexists", "+type", "+hset", "+hincrby", "+persist", "+expire");
        var store = await bench.OpenAsync<IStateStore>("state.redis", ("redisUsername", "proxied"), ("redisPassword", "secret"));
        await SetAsync(store, "k", "1");
        await SetAsync(store, "k", "2", "1");
        Assert.Equal("2", Text((await store.GetManyAsync(["k", "l"], Cancel))[0]));
        await store.WriteAsync([new StateWrite.Delete("k")], Cancel);
        Assert.Null(await store.GetAsync("k", Cancel));
        Assert.Empty((StackExchange.Redis.RedisResult[])(await bench.Redis.ExecuteAsync("ACL", "LOG"))!);
    }

    private static Task SetAsync(
        IStateStore store, string key, string value, string? etag = null, Concurrency concurrency = Concurrency.Unspecified) =>
        store.WriteAsync([new StateWrite.Set(key, Encoding.UTF8.GetBytes(value), etag, concurrency)], Cancel);

    private static async Task<IEnumerable<(string, string)>> FieldsAsync(RedisBench bench, string key) =>
        (await bench.Redis.HashGetAllAsync(key)).Select(f => (f.Name.ToString(), f.Value.ToString())).Order();

    private static string? Text(StateItem? item) => item is null ? null : Encoding.UTF8.GetString(item.Data.Span);
}
