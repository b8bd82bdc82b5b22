using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Unit;

/// <summary>What every embedded broker promises, asked of each.</summary>
public sealed class BrokerTests : IAsyncDisposable
{
    private readonly BrokerBench _bench = new();

    public static TheoryData<string> Engines => ["pubsub.in-memory", "pubsub.sqlite"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Engines))]
    public async Task Every_group_gets_every_message_and_one_member_of_it_each(string engine)
    {
        var broker = await _bench.OpenAsync(engine);
        var seen = Channel.CreateUnbounded<string>();
        foreach (var (group, member) in new[] { ("a", 1), ("a", 2), ("b", 1) })
            await SubscribeAsync(broker, group, m => seen.Writer.TryWrite($"{group} {m}"));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => PublishAsync(broker, $"{i}")));
        var got = await TakeAsync(seen, 200);
        Assert.Equal(Enumerable.Range(0, 100).SelectMany(i => new[] { $"a {i}", $"b {i}" }).Order(), got.Order());
        Assert.False(seen.Reader.TryRead(out _));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task What_a_handler_refuses_or_dies_with_is_delivered_again_after_the_interval(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time);
        var tries = Channel.CreateUnbounded<int>();
        var count = 0;
        await SubscribeAsync(broker, "g", (_, _) =>
        {
            var now = Interlocked.Increment(ref count);
            tries.Writer.TryWrite(now);
            return now switch
            {
                1 => throw new InvalidOperationException("died"),
                2 => Task.FromResult(Delivery.Retry),
                _ => Task.FromResult(Delivery.Done),
            };
        });
        await PublishAsync(broker, "x");
        for (var i = 1; i <= 3; i++)
        {
            await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), tries.Reader.WaitToReadAsync(Cancel).AsTask());
            Assert.True(tries.Reader.TryRead(out var attempt));
            Assert.Equal(i, attempt);
        }

        time.Advance(TimeSpan.FromMinutes(1));
        await PublishAsync(broker, "next");
        Assert.Equal(4, await tries.Reader.ReadAsync(Cancel));
        Assert.Equal(4, count);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_message_that_nobody_takes_is_given_up_after_the_limit(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time, ("maxDeliver", "3"));
        var tries = Channel.CreateUnbounded<string>();
        await SubscribeAsync(broker, "g", (message, _) =>
        {
            tries.Writer.TryWrite(Text(message));
            return Task.FromResult(Text(message) == "poison" ? Delivery.Retry : Delivery.Done);
        });
        await PublishAsync(broker, "poison");
        for (var i = 0; i < 3; i++)
        {
            await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), tries.Reader.WaitToReadAsync(Cancel).AsTask());
            Assert.Equal("poison", await tries.Reader.ReadAsync(Cancel));
        }

        await PublishAsync(broker, "good");
        Assert.Equal("good", await tries.Reader.ReadAsync(Cancel));
        time.Advance(TimeSpan.FromMinutes(1));
        await PublishAsync(broker, "better");
        Assert.Equal("better", await tries.Reader.ReadAsync(Cancel));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_group_keeps_its_place_while_nobody_is_subscribed(string engine)
    {
        var broker = await _bench.OpenAsync(engine);
        var seen = Channel.CreateUnbounded<string>();
        var member = await SubscribeAsync(broker, "g", m => seen.Writer.TryWrite(m));
        await PublishAsync(broker, "1");
        Assert.Equal("1", await seen.Reader.ReadAsync(Cancel));
        await member.DisposeAsync();
        for (var i = 2; i <= 2000; i++)
            await PublishAsync(broker, $"{i}");
        Assert.False(seen.Reader.TryRead(out _));
        await SubscribeAsync(broker, "g", m => seen.Writer.TryWrite(m));
        Assert.Equal(Enumerable.Range(2, 1999), (await TakeAsync(seen, 1999)).Select(int.Parse).Order());
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_handler_that_hangs_is_cancelled_and_another_member_gets_the_message(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time, ("processingTimeout", "30s"));
        var hung = new TaskCompletionSource();
        await SubscribeAsync(broker, "g", async (_, cancel) =>
        {
            hung.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return Delivery.Done;
        });
        await PublishAsync(broker, "x");
        await hung.Task.WaitAsync(Cancel);
        var rescued = new TaskCompletionSource<string>();
        await SubscribeAsync(broker, "g", m => rescued.TrySetResult(m));
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(10), rescued.Task);
        Assert.Equal("x", await rescued.Task);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task Leaving_lets_running_handlers_finish_and_takes_nothing_more(string engine)
    {
        var broker = await _bench.OpenAsync(engine, null, ("concurrency", "1"));
        var (started, finish, handled) = (new TaskCompletionSource(), new TaskCompletionSource(), new ConcurrentBag<string>());
        var member = await SubscribeAsync(broker, "g", async (message, _) =>
        {
            started.TrySetResult();
            await finish.Task;
            handled.Add(Text(message));
            return Delivery.Done;
        });
        await PublishAsync(broker, "1");
        await PublishAsync(broker, "2");
        await started.Task.WaitAsync(Cancel);
        var leaving = member.DisposeAsync().AsTask();
        Assert.False(leaving.IsCompleted);
        finish.SetResult();
        await leaving;
        Assert.Equal(["1"], handled);
        var rest = Channel.CreateUnbounded<string>();
        await SubscribeAsync(broker, "g", m => rest.Writer.TryWrite(m));
        Assert.Equal("2", await rest.Reader.ReadAsync(Cancel));
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task A_batch_goes_when_it_is_full_or_has_waited_long_enough(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time);
        var batches = Channel.CreateUnbounded<int>();
        await broker.SubscribeAsync(new BrokerSubscription("g", "t", (messages, _) =>
        {
            batches.Writer.TryWrite(messages.Count);
            return Task.FromResult<IReadOnlyList<Delivery>>([.. messages.Select(_ => Delivery.Done)]);
        }, 3, TimeSpan.FromSeconds(5)), Cancel);
        await broker.PublishAsync([.. Enumerable.Range(0, 4).Select(i => Message($"{i}"))], Cancel);
        Assert.Equal(3, await batches.Reader.ReadAsync(Cancel));
        Assert.False(batches.Reader.TryRead(out _));
        await AdvanceUntilAsync(time, TimeSpan.FromSeconds(1), batches.Reader.WaitToReadAsync(Cancel).AsTask());
        Assert.True(batches.Reader.TryRead(out var last));
        Assert.Equal(1, last);
    }

    [Theory, MemberData(nameof(Engines))]
    public async Task An_expired_message_is_not_delivered(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time);
        var seen = Channel.CreateUnbounded<string>();
        var first = await SubscribeAsync(broker, "g", m => seen.Writer.TryWrite(m));
        await first.DisposeAsync();
        await broker.PublishAsync([Message("old") with { Expires = time.GetUtcNow().AddSeconds(5) }, Message("kept")], Cancel);
        time.Advance(TimeSpan.FromSeconds(5));
        await SubscribeAsync(broker, "g", m => seen.Writer.TryWrite(m));
        Assert.Equal("kept", await seen.Reader.ReadAsync(Cancel));
        await PublishAsync(broker, "end");
        Assert.Equal("end", await seen.Reader.ReadAsync(Cancel));
    }

    [Fact]
    public async Task Memory_that_is_full_refuses_until_somebody_takes()
    {
        var broker = await _bench.OpenAsync("pubsub.in-memory");
        await (await SubscribeAsync(broker, "g", _ => { })).DisposeAsync();
        var large = new byte[64 << 20];
        var message = new BrokerMessage("t", large, null, new Dictionary<string, string>());
        var accepted = 0;
        var refusal = Assert.ThrowsAsync<EngineTargetException>(async () =>
        {
            for (; accepted < 100; accepted++)
                await broker.PublishAsync([message], Cancel);
        });
        Assert.Contains("MiB wait in memory", (await refusal).Message);
        var taken = Channel.CreateUnbounded<bool>();
        await SubscribeAsync(broker, "g", (_, _) =>
        {
            taken.Writer.TryWrite(true);
            return Task.FromResult(Delivery.Done);
        });
        for (var i = 0; i < accepted; i++)
            await taken.Reader.ReadAsync(Cancel);
        // The last one is forgotten a moment after its handler said so.
        while (true)
        {
            try
            {
                await broker.PublishAsync([message], Cancel);
                return;
            }
            catch (EngineRequestException)
            {
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task A_topic_pattern_is_one_group_over_its_topics_in_memory()
    {
        var broker = await _bench.OpenAsync("pubsub.in-memory");
        var seen = Channel.CreateUnbounded<string>();
        await SubscribeAsync(broker, "g", m => seen.Writer.TryWrite(m), "orders.*");
        await broker.PublishAsync(
            [
                Message("a") with { Topic = "orders.new" },
                Message("b") with { Topic = "other" },
                Message("c") with { Topic = "orders.old" }
            ],
            Cancel);
        Assert.Equal(["a", "c"], (await TakeAsync(seen, 2)).Order());
    }

    private static BrokerMessage Message(string text) =>
        new("t", Encoding.UTF8.GetBytes(text), "text/plain", new Dictionary<string, string> { ["k"] = text });

    private static Task PublishAsync(IBroker broker, string text) => broker.PublishAsync([Message(text)], Cancel);

    private static Task<IAsyncDisposable> SubscribeAsync(
        IBroker broker, string group, Action<string> handle, string topic = "t") => SubscribeAsync(broker, group, (message, _) =>
    {
        handle(Text(message));
        return Task.FromResult(Delivery.Done);
    }, topic);

    private static Task<IAsyncDisposable> SubscribeAsync(IBroker broker, string group, MessageHandler handle, string topic = "t") =>
        broker.SubscribeAsync(
            new BrokerSubscription(group, topic, async (messages, cancel) => [await handle(messages[0], cancel)]), Cancel);

    private static string Text(BrokerMessage message) => Encoding.UTF8.GetString(message.Data.Span);

    private static async Task<List<string>> TakeAsync(Channel<string> seen, int count)
    {
        var got = new List<string>();
        while (got.Count < count)
            got.Add(await seen.Reader.ReadAsync(Cancel));
        return got;
    }

    // The clock moves on only while the awaited thing has not happened: how fast the pool runs does not matter.
    private static async Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Task awaited)
    {
        while (await Task.WhenAny(awaited, Task.Delay(20, Cancel)) != awaited)
            time.Advance(step);
        await awaited;
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
