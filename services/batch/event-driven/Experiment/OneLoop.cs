using System.Threading.Channels;

namespace Samples.Experiments.EventDriven;

/// <summary>The same flow in one process, with channels in the place of topics: nothing survives, and nothing is sent anywhere.</summary>
internal sealed class OneLoop
{
    private const int Shards = 4, Room = 1024;

    /// <summary>Orders that came out of the billing branch; out of the archive's.</summary>
    public (Truth Ready, Truth Archived) Out { get; private set; }

    /// <summary>Sends all through.</summary>
    public async Task RunAsync(IEnumerable<DrawnOrder> drawn, CancellationToken cancel)
    {
        var (orders, billing, archive, paid, domestic, merged) = (Topic(), Topic(), Topic(), Topic(), Topic(), Topic());
        var shards = Enumerable.Range(0, Shards).Select(_ => Topic()).ToArray();
        var archived = SumAsync(archive.Reader, cancel);
        var ready = SumAsync(merged.Reader, cancel);
        var merging = Task.WhenAll(shards.Select(s => StageAsync(s.Reader, (o, c) => merged.Writer.WriteAsync(o, c), cancel)));
        Task[] stages =
        [
            StageAsync(
                orders.Reader,
                async (o, c) =>
                {
                    await billing.Writer.WriteAsync(o, c);
                    await archive.Writer.WriteAsync(o, c);
                },
                cancel,
                billing, archive),
            StageAsync(billing.Reader, (o, c) => o.IsPaid ? paid.Writer.WriteAsync(o, c) : default, cancel, paid),
            StageAsync(paid.Reader, (o, c) => (o.Country == "DE" ? domestic : merged).Writer.WriteAsync(o, c), cancel, domestic),
            StageAsync(
                domestic.Reader,
                (o, c) => shards[(uint)o.Customer.GetHashCode(StringComparison.Ordinal) % Shards].Writer.WriteAsync(o, c), cancel, shards),
        ];
        foreach (var order in drawn)
            await orders.Writer.WriteAsync(order, cancel);
        orders.Writer.Complete();
        await Task.WhenAll(stages);
        await merging;
        merged.Writer.Complete();
        Out = (await ready, await archived);
    }

    private static Channel<DrawnOrder> Topic() => Channel.CreateBounded<DrawnOrder>(Room);

    private static async Task StageAsync(
        ChannelReader<DrawnOrder> input, Func<DrawnOrder, CancellationToken, ValueTask> act, CancellationToken cancel,
        params Channel<DrawnOrder>[] outputs)
    {
        await foreach (var order in input.ReadAllAsync(cancel))
            await act(order, cancel);
        foreach (var output in outputs)
            output.Writer.Complete();
    }

    private static async Task<Truth> SumAsync(ChannelReader<DrawnOrder> input, CancellationToken cancel)
    {
        var sum = default(Truth);
        await foreach (var order in input.ReadAllAsync(cancel))
            sum += Truth.Of([order]);
        return sum;
    }
}
