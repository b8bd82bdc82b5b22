using System.Text;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary><c>lock.redis</c> and <c>bindings.redis</c>.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisLockAndBindingTests
{
    private static CancellationToken Cancel => RedisBench.Cancel;

    [Fact(Timeout = 60_000)]
    public async Task A_lock_has_one_holder_until_it_is_released_or_expires()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var locks = await bench.OpenAsync<ILockStore>("lock.redis");
        Assert.True(await locks.TryLockAsync("lock||app1||r", "me", TimeSpan.FromSeconds(600), Cancel));
        Assert.Equal("me", await bench.Redis.StringGetAsync("lock||app1||r"));
        Assert.InRange((await bench.Redis.KeyTimeToLiveAsync("lock||app1||r"))!.Value.TotalSeconds, 500, 600);
        Assert.False(await locks.TryLockAsync("lock||app1||r", "you", TimeSpan.FromSeconds(5), Cancel));
        Assert.False(await locks.TryLockAsync("lock||app1||r", "me", TimeSpan.FromSeconds(5), Cancel));
        Assert.Equal(UnlockStatus.BelongsToOthers, await locks.UnlockAsync("lock||app1||r", "you", Cancel));
        Assert.Equal(UnlockStatus.Success, await locks.UnlockAsync("lock||app1||r", "me", Cancel));
        Assert.Equal(UnlockStatus.DoesNotExist, await locks.UnlockAsync("lock||app1||r", "me", Cancel));
        Assert.True(await locks.TryLockAsync("short", "me", TimeSpan.FromSeconds(1), Cancel));
        await RedisBench.UntilAsync(() => locks.TryLockAsync("short", "you", TimeSpan.FromSeconds(60), Cancel));
    }

    [Fact(Timeout = 60_000)]
    public async Task Of_fifty_that_try_at_once_one_gets_it()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var locks = await bench.OpenAsync<ILockStore>("lock.redis");
        var tries = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(i => locks.TryLockAsync("r", "owner" + i, TimeSpan.FromSeconds(60), Cancel)));
        Assert.Single(tries, won => won);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_binding_creates_gets_increments_and_deletes()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var binding = await bench.OpenAsync<IOutputBinding>("bindings.redis");
        Assert.Equal("", await InvokeAsync("get", ""));
        await InvokeAsync("create", "{\"a\":1}", ("ttlInSeconds", "600"));
        Assert.Equal("{\"a\":1}", await bench.Redis.StringGetAsync("k"));
        Assert.InRange((await bench.Redis.KeyTimeToLiveAsync("k"))!.Value.TotalSeconds, 500, 600);
        Assert.Equal("{\"a\":1}", await InvokeAsync("get", "", ("delete", "true")));
        await InvokeAsync("increment", "");
        await InvokeAsync("increment", "");
        Assert.Equal("2", await InvokeAsync("get", ""));
        await InvokeAsync("delete", "");
        Assert.Equal("", await InvokeAsync("get", ""));
        var error = await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("create", "x", ("key", "")));
        Assert.Equal("redis binding: missing key in request metadata", error.Message);
        await Assert.ThrowsAsync<EngineRequestException>(() => InvokeAsync("create", "x", ("ttlInSeconds", "soon")));

        async Task<string> InvokeAsync(string operation, string data, params (string Name, string Value)[] metadata)
        {
            var all = new Dictionary<string, string> { ["key"] = "k" };
            foreach (var (name, value) in metadata)
                all[name] = value;
            return Encoding.UTF8.GetString((await binding.InvokeAsync(operation, Encoding.UTF8.GetBytes(data), all, Cancel)).Data.Span);
        }
    }
}
