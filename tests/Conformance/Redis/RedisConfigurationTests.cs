using System.Threading.Channels;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary><c>configuration.redis</c>: values with versions, and what is told of changes.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisConfigurationTests
{
    private static CancellationToken Cancel => RedisBench.Cancel;

    [Fact(Timeout = 60_000)]
    public async Task Values_have_versions_and_other_kinds_of_keys_are_none()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IConfigurationStore>("configuration.redis");
        await bench.Redis.StringSetAsync("colour", "blue||v1");
        await bench.Redis.StringSetAsync("plain", "green");
        await bench.Redis.HashSetAsync("hash", "a", "b");
        var all = await store.GetAsync([], Cancel);
        Assert.Equal([("colour", "blue", "v1"), ("plain", "green", "")], all.Select(i => (i.Key, i.Value.Value, i.Value.Version)).Order());
        Assert.Equal(["colour"], (await store.GetAsync(["colour", "absent", "hash"], Cancel)).Keys);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_a_removal_and_what_happened_while_the_server_was_away_are_told()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken, durable: true);
        await bench.Redis.ExecuteAsync("CONFIG", "SET", "notify-keyspace-events", "Elh");
        await bench.Redis.StringSetAsync("colour", "blue||v1");
        var store = await bench.OpenAsync<IConfigurationStore>("configuration.redis");
        var (one, all) = (await SubscribeAsync(store, "colour"), await SubscribeAsync(store));
        var events = (
            (StackExchange.Redis.RedisResult[])(await bench.Redis.ExecuteAsync("CONFIG", "GET", "notify-keyspace-events"))!)[1].ToString();
        Assert.All("KE$lgxeh", e => Assert.Contains(e, events));

        await bench.Redis.StringSetAsync("colour", "red||v2");
        Assert.Equal("colour=red||v2", await one.ReadAsync(Cancel));
        Assert.Equal("colour=red||v2", await all.ReadAsync(Cancel));
        await bench.Redis.StringSetAsync("other", "1");
        Assert.Equal("other=1||", await all.ReadAsync(Cancel));
        await bench.Redis.KeyDeleteAsync("colour");
        Assert.Equal("colour=||", await one.ReadAsync(Cancel));
        Assert.Equal("colour=||", await all.ReadAsync(Cancel));

        await bench.Server.KillAsync();
        await bench.Server.StartAgainAsync();
        // Before or after the engine is back: it is told once either way.
        await SetWhenBackAsync(bench, "colour", "green||v3");
        Assert.Equal("colour=green||v3", await one.ReadAsync(Cancel));
        await SetWhenBackAsync(bench, "colour", "white||v4");
        Assert.Equal("colour=white||v4", await one.ReadAsync(Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_subscription_ends_when_it_is_disposed()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var store = await bench.OpenAsync<IConfigurationStore>("configuration.redis");
        var told = Channel.CreateUnbounded<string>();
        var ended = await store.SubscribeAsync(["k"], _ => throw new InvalidOperationException("told after its end"), Cancel);
        await ended.DisposeAsync();
        var still = await SubscribeAsync(store, "k");
        await bench.Redis.StringSetAsync("k", "1");
        Assert.Equal("k=1||", await still.ReadAsync(Cancel));
    }

    private static Task SetWhenBackAsync(RedisBench bench, string key, string value) => RedisBench.UntilAsync(async () =>
    {
        try
        {
            return await bench.Redis.StringSetAsync(key, value);
        }
        catch (Exception error) when (error is StackExchange.Redis.RedisException or TimeoutException)
        {
            return false;
        }
    });

    private static async Task<ChannelReader<string>> SubscribeAsync(IConfigurationStore store, params string[] keys)
    {
        var told = Channel.CreateUnbounded<string>();
        await store.SubscribeAsync(keys, items =>
        {
            foreach (var (key, item) in items)
                told.Writer.TryWrite($"{key}={item.Value}||{item.Version}");
            return Task.CompletedTask;
        }, Cancel);
        return told.Reader;
    }
}
