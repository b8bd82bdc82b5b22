using System.Text.Json;
using Samples.Experiments.EventDriven;
using StackExchange.Redis;

namespace Samples.Benchmarks.EventDriven;

/// <summary>What events took through a flow.</summary>
/// <param name="PerSecond">How many came through in a second.</param>
/// <param name="Microseconds">Processor time of each.</param>
internal sealed record Passage(double PerSecond, double Microseconds);

/// <summary>Puts orders onto the first stream of a flow, and waits until they have come out of the last one.</summary>
/// <param name="connection">To the Redis of both flows.</param>
/// <param name="prefix">Of the names of its streams.</param>
/// <param name="orders">Draws them.</param>
internal sealed class FlowRun(IConnectionMultiplexer connection, string prefix, Orders orders)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Look = TimeSpan.FromMilliseconds(5);

    private long _due;

    /// <summary>Events so far.</summary>
    public int Sent { get; private set; }

    /// <summary>Sends so many events through.</summary>
    public async Task<Passage> MeasureAsync(int events, Func<TimeSpan> used, CancellationToken cancel)
    {
        var drawn = orders.Draw(events);
        byte[][] envelopes = [.. drawn.Select(Envelope)];
        _due += drawn.Count(o => o.IsPaid);
        Sent += events;
        var database = connection.GetDatabase();
        var (began, before) = (TimeProvider.System.GetTimestamp(), used());
        foreach (var bulk in envelopes.Chunk(1000))
            await Task.WhenAll(bulk.Select(e => database.StreamAddAsync(prefix + "orders", "data", e)));
        while (await CountAsync(database) < _due)
        {
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                throw new InvalidOperationException($"{await CountAsync(database)} of {_due} events came out of the flow.");
            await Task.Delay(Look, cancel);
        }

        return new Passage(
            events / TimeProvider.System.GetElapsedTime(began).TotalSeconds, (used() - before).TotalMicroseconds / events);
    }

    // Streams are trimmed: what was ever added counts.
    private async Task<long> CountAsync(IDatabase database)
    {
        var stream = (RedisKey)(prefix + "orders-ready");
        if (!await database.KeyExistsAsync(stream))
            return 0;
        var info = (RedisResult[])(await database.ExecuteAsync("XINFO", "STREAM", stream))!;
        var at = Array.FindIndex(info, i => i.Resp2Type == ResultType.BulkString && (string?)i == "entries-added");
        return at < 0 ? await database.StreamLengthAsync(stream) : (long)info[at + 1];
    }

    private static byte[] Envelope(DrawnOrder order) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        specversion = "1.0", id = order.Number, source = "compare", type = "order", subject = "run", datacontenttype = "application/json",
        data = new
        {
            order = order.Number, customer = order.Customer, country = order.Country, status = order.Status, quantity = order.Quantity,
            amount = order.Amount,
        },
    });
}
