using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.Components;
using Xunit;

namespace Samples.Unit;

/// <summary>Which member of a group gets a message.</summary>
public sealed class ConsumerGroupTests : IAsyncDisposable
{
    private readonly BrokerBench _bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData("pubsub.in-memory"), InlineData("pubsub.sqlite")]
    public async Task Who_failed_with_a_message_gets_it_last_even_with_less_in_hand(string engine)
    {
        var time = new FakeTimeProvider();
        var broker = await _bench.OpenAsync(engine, time, ("redeliverInterval", "1s"));
        var refusing = new TaskCompletionSource<int>();
        var occupied = new TaskCompletionSource<int>();
        var again = new TaskCompletionSource<int>();
        var release = new TaskCompletionSource();
        foreach (var member in (int[])[0, 1])
            await SubscribeAsync(member);

        await PublishAsync("refused");
        var first = await refusing.Task.WaitAsync(Cancel);
        // The other one has nothing in hand yet, so this goes there and stays: from then on it has more in hand.
        await PublishAsync("kept");
        Assert.NotEqual(first, await occupied.Task.WaitAsync(Cancel));
        release.SetResult();
        while (!again.Task.IsCompleted)
        {
            Cancel.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.NotEqual(first, await again.Task);

        Task SubscribeAsync(int member) => broker.SubscribeAsync(new BrokerSubscription("g", "t", async (messages, cancel) =>
        {
            if (messages[0].Data.Span.SequenceEqual("kept"u8))
            {
                occupied.TrySetResult(member);
                await again.Task.WaitAsync(cancel);
                return [Delivery.Done];
            }

            if (!refusing.TrySetResult(member))
            {
                again.TrySetResult(member);
                return [Delivery.Done];
            }

            await release.Task.WaitAsync(cancel);
            return [Delivery.Retry];
        })
        { ProcessingTimeout = Timeout.InfiniteTimeSpan }, Cancel);

        Task PublishAsync(string text) => broker.PublishAsync(
            [new BrokerMessage("t", System.Text.Encoding.UTF8.GetBytes(text), null, new Dictionary<string, string>())], Cancel);
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();
}
