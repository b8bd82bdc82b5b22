using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.BrokerHost;
using Samples.Runtime.Components;
using Samples.Runtime.Components.Sqlite;

// Usage: BrokerHost FILE FIRST, or BrokerHost outbox FOLDER FIRST (see OutboxHost). Publishes the numbers from FIRST on from several
// writers until it is killed. Prints "p N" when N was acknowledged, and "h GROUP N" when a group has handled it and has not told the broker
// yet.
var output = Console.OpenStandardOutput();
if (args[0] == "outbox")
{
    await OutboxHost.RunAsync(args[1], int.Parse(args[2]), Print);
    return;
}

var next = int.Parse(args[1]);
await using var broker = new SqliteBroker(args[0], BrokerSettings.Default with { RedeliverInterval = TimeSpan.FromMilliseconds(20) },
    TimeProvider.System, NullLogger.Instance);
await broker.InitAsync(CancellationToken.None);
foreach (var group in new[] { "even", "all" })
{
    await broker.SubscribeAsync(new BrokerSubscription(group, "t", (messages, _) =>
    {
        var number = Encoding.UTF8.GetString(messages[0].Data.Span);
        // A part is refused at first: the kill must find messages in every state.
        if (group == "even" && Random.Shared.Next(4) == 0)
            return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Retry]);
        Print($"h {group} {number}");
        return Task.FromResult<IReadOnlyList<Delivery>>([Delivery.Done]);
    }), CancellationToken.None);
}

await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
{
    while (true)
    {
        var number = Interlocked.Increment(ref next).ToString();
        await broker.PublishAsync(
            [new BrokerMessage("t", Encoding.UTF8.GetBytes(number), null, new Dictionary<string, string>())], CancellationToken.None);
        Print($"p {number}");
    }
})));

// One write a line, straight into the pipe: what the broker was told, the test has read.
void Print(string line)
{
    var bytes = Encoding.UTF8.GetBytes(line + "\n");
    lock (output)
        output.Write(bytes);
}
