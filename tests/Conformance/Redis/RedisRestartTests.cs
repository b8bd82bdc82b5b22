using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary>
/// Redis is killed and started again, as it happens in operation: with its log on disk, nothing that was acknowledged is lost.
/// </summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisRestartTests
{
    private static CancellationToken Cancel => RedisBench.Cancel;

    [Fact(Timeout = 120_000)]
    public async Task Killed_under_load_it_loses_no_acknowledged_message_and_no_acknowledged_write()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken, durable: true);
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis", ("processingTimeout", "2s"), ("redeliverInterval", "200ms"));
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        var published = new ConcurrentDictionary<string, byte>();
        var handled = new ConcurrentDictionary<string, byte>();
        var saved = new ConcurrentDictionary<string, int>();
        await broker.SubscribeAsync(new BrokerSubscription("app1", "t", (messages, _) =>
        {
            // A part is refused at first: the server dies with messages in every state.
            if (Random.Shared.Next(5) == 0)
                return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Retry]);
            handled[RedisBench.Text(messages[0])] = 0;
            return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Done]);
        }), Cancel);
        using var enough = new CancellationTokenSource();
        var next = 0;
        var load = Enumerable.Range(0, 4).SelectMany(writer => new[]
        {
            LoadAsync(async () =>
            {
                var number = $"{Interlocked.Increment(ref next)}";
                await broker.PublishAsync([RedisBench.Message(number)], Cancel);
                published[number] = 0;
            }),
            LoadAsync(async () =>
            {
                var value = saved.GetValueOrDefault($"k{writer}") + 1;
                await store.WriteAsync([new StateWrite.Set($"k{writer}", Encoding.UTF8.GetBytes($"{value}"))], Cancel);
                saved[$"k{writer}"] = value;
            }),
        }).ToList();
        for (var round = 1; round <= 3; round++)
        {
            var (messages, writes) = (published.Count, saved.Values.Sum());
            await RedisBench.UntilAsync(() => Task.FromResult(published.Count > messages + 100 && saved.Values.Sum() > writes + 100));
            await bench.Server.KillAsync();
            await bench.Server.StartAgainAsync();
        }

        var before = published.Count;
        await RedisBench.UntilAsync(() => Task.FromResult(published.Count > before + 100));
        await enough.CancelAsync();
        await Task.WhenAll(load);
        await RedisBench.UntilAsync(() => Task.FromResult(published.Keys.All(handled.ContainsKey)));
        foreach (var (key, value) in saved)
        {
            // One more may have reached the disk without an answer.
            var stored = int.Parse(Encoding.UTF8.GetString((await store.GetAsync(key, Cancel))!.Data.Span));
            Assert.InRange(stored, value, value + 1);
        }

        async Task LoadAsync(Func<Task> write)
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    await write();
                }
                catch (EngineRequestException)
                {
                    // Not acknowledged: the caller was told.
                }
            }
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task While_it_is_away_calls_fail_soon_in_clear_words_and_work_again_afterwards()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken, durable: true);
        var store = await bench.OpenAsync<IStateStore>("state.redis");
        var locks = await bench.OpenAsync<ILockStore>("lock.redis");
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis");
        await store.WriteAsync([new StateWrite.Set("k", "1"u8.ToArray())], Cancel);
        await bench.Server.KillAsync();
        var began = Stopwatch.GetTimestamp();
        Func<Task>[] calls =
        [
            () => store.GetAsync("k", Cancel), () => store.WriteAsync([new StateWrite.Set("k", "2"u8.ToArray())], Cancel),
            () => locks.TryLockAsync("r", "me", TimeSpan.FromSeconds(5), Cancel),
            () => broker.PublishAsync([RedisBench.Message("x")], Cancel),
        ];
        var errors = await Task.WhenAll(calls.Select(call => Assert.ThrowsAsync<EngineTargetException>(call)));
        // 3 s is the limit; the rest is what a busy machine may add.
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 15);
        Assert.All(errors, e => Assert.Contains($"Redis at {bench.Server.Host}", e.Message));
        await bench.Server.StartAgainAsync();
        await RedisBench.UntilAsync(async () =>
        {
            try
            {
                return Encoding.UTF8.GetString((await store.GetAsync("k", Cancel))!.Data.Span) is "1" or "2";
            }
            catch (EngineRequestException)
            {
                return false;
            }
        });
    }
}
