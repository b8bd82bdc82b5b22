using System.Threading.Channels;
using Samples.Runtime.Components;
using StackExchange.Redis;
using Xunit;

namespace Samples.Conformance.Redis;

/// <summary><c>pubsub.redis</c>: Dapr's layout, and that a message stays until somebody has handled it.</summary>
[EmbeddedOnly("the engines of the embedded runtime, by themselves or against what daprd leaves")]
public sealed class RedisBrokerTests
{
    private static CancellationToken Cancel => RedisBench.Cancel;

    [Fact(Timeout = 60_000)]
    public async Task A_message_is_an_entry_with_data_and_metadata_and_a_group_is_one_with_one_consumer()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis");
        await broker.PublishAsync([RedisBench.Message("before")], Cancel);
        var seen = await SubscribeAsync(broker);
        await broker.PublishAsync([RedisBench.Message("{}"), RedisBench.Message("raw", ("rawPayload", "true"))], Cancel);
        var got = new[] { await seen.ReadAsync(Cancel), await seen.ReadAsync(Cancel), await seen.ReadAsync(Cancel) };
        // A new group sees the topic from the beginning.
        Assert.Equal(["before", "raw", "{}"], got.Select(RedisBench.Text).Order(StringComparer.Ordinal));
        Assert.Equal("true", got.Single(m => RedisBench.Text(m) == "raw").Metadata["rawPayload"]);
        var entries = await bench.Redis.StreamRangeAsync("t");
        Assert.Equal(
            [("data", "raw"), ("metadata", "{\"rawPayload\":\"true\"}")],
            entries[2].Values.Select(v => (v.Name.ToString(), v.Value.ToString())));
        Assert.Equal("{}", entries[1]["metadata"]);
        Assert.Equal("app1", (await bench.Redis.StreamGroupInfoAsync("t")).Single().Name);
        Assert.Equal("app1", (await bench.Redis.StreamConsumerInfoAsync("t", "app1")).Single().Name);
        await RedisBench.UntilAsync(async () => (await bench.Redis.StreamPendingAsync("t", "app1")).PendingMessageCount == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_dead_consumer_left_is_claimed()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        await bench.Redis.StreamCreateConsumerGroupAsync("t", "app1", "0", createStream: true);
        for (var i = 0; i < 250; i++)
            await bench.Redis.StreamAddAsync("t", [new("data", $"{i}"), new("metadata", "{}")]);
        Assert.Equal(250, (await bench.Redis.StreamReadGroupAsync("t", "app1", "dead", ">", 250)).Length);
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis", ("processingTimeout", "200"), ("redeliverInterval", "50ms"));
        var seen = await SubscribeAsync(broker);
        var got = new HashSet<string>();
        while (got.Count < 250)
            got.Add(RedisBench.Text(await seen.ReadAsync(Cancel)));
        await RedisBench.UntilAsync(async () => (await bench.Redis.StreamPendingAsync("t", "app1")).PendingMessageCount == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_in_hand_is_kept_from_being_claimed()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var broker = await bench.OpenAsync<IBroker>(
            "pubsub.redis", ("processingTimeout", "6s"), ("redeliverInterval", "1h"), ("concurrency", "1"));
        var finish = new TaskCompletionSource();
        await broker.SubscribeAsync(new BrokerSubscription("app1", "t", async (_, _) =>
        {
            await finish.Task;
            return [Delivery.Done];
        }), Cancel);
        await broker.PublishAsync([RedisBench.Message("in a handler"), RedisBench.Message("waits for it")], Cancel);
        // The time since somebody touched them falls back, again and again, though nobody looks for abandoned ones.
        for (var (touches, last) = (0, -1L); touches < 2;)
        {
            var pending = await bench.Redis.StreamPendingMessagesAsync("t", "app1", 10, RedisValue.Null);
            var idle = pending.Length == 2 ? pending.Max(p => p.IdleTimeInMilliseconds) : -1;
            touches += idle >= 0 && idle < last ? 1 : 0;
            last = idle;
            await Task.Delay(10, Cancel);
        }

        finish.SetResult();
        await RedisBench.UntilAsync(async () => (await bench.Redis.StreamPendingAsync("t", "app1")).PendingMessageCount == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_not_handled_when_the_last_member_leaves_goes_to_the_next_at_once()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        (string, string)[] patient = [("processingTimeout", "1h"), ("redeliverInterval", "1h")];
        var first = await bench.OpenAsync<IBroker>("pubsub.redis", patient);
        var refused = new TaskCompletionSource();
        var member = await first.SubscribeAsync(new BrokerSubscription("app1", "t", (_, _) =>
        {
            refused.TrySetResult();
            return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Retry]);
        }), Cancel);
        await first.PublishAsync([RedisBench.Message("x")], Cancel);
        await refused.Task.WaitAsync(Cancel);
        await member.DisposeAsync();
        // Another process, by its connection.
        var second = await bench.OpenAsync<IBroker>("pubsub.redis", patient);
        Assert.Equal("x", RedisBench.Text(await (await SubscribeAsync(second)).ReadAsync(Cancel)));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_stream_is_cut_to_about_its_length_and_a_raw_message_expires()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis", ("maxLenApprox", "10"));
        for (var i = 0; i < 500; i++)
            await broker.PublishAsync([RedisBench.Message($"{i}")], Cancel);
        Assert.InRange(await bench.Redis.StreamLengthAsync("t"), 10, 200);
        await bench.Redis.StreamAddAsync(
            "raw", [new("data", "late"), new("metadata", "{\"rawPayload\":\"true\",\"ttlInSeconds\":\"1\"}")], "1000-0");
        await broker.PublishAsync(
            [RedisBench.Message("timely", ("rawPayload", "true"), ("ttlInSeconds", "600")) with { Topic = "raw" }], Cancel);
        Assert.Equal("timely", RedisBench.Text(await (await SubscribeAsync(broker, "raw")).ReadAsync(Cancel)));
        await RedisBench.UntilAsync(async () => (await bench.Redis.StreamPendingAsync("raw", "app1")).PendingMessageCount == 0);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_server_that_lost_everything_is_used_anew()
    {
        await using var bench = await RedisBench.StartAsync(TestContext.Current.CancellationToken);
        var broker = await bench.OpenAsync<IBroker>("pubsub.redis");
        var seen = await SubscribeAsync(broker);
        await broker.PublishAsync([RedisBench.Message("1")], Cancel);
        Assert.Equal("1", RedisBench.Text(await seen.ReadAsync(Cancel)));
        await bench.Redis.KeyDeleteAsync("t");
        await broker.PublishAsync([RedisBench.Message("2")], Cancel);
        Assert.Equal("2", RedisBench.Text(await seen.ReadAsync(Cancel)));
    }

    private static async Task<ChannelReader<BrokerMessage>> SubscribeAsync(IBroker broker, string topic = "t")
    {
        var seen = Channel.CreateUnbounded<BrokerMessage>();
        await broker.SubscribeAsync(new BrokerSubscription("app1", topic, (messages, _) =>
        {
            seen.Writer.TryWrite(messages[0]);
            return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Done]);
        }), Cancel);
        return seen.Reader;
    }
}
