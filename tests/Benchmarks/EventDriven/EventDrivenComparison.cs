using Samples.Benchmarks.Ambassador;
using Samples.Experiments.EventDriven;
using StackExchange.Redis;

namespace Samples.Benchmarks.EventDriven;

/// <summary>
/// The flow of five stages on Redis beside the same flow written directly on Redis streams, and beside one loop with channels; and what an
/// event costs after many others.
/// </summary>
internal sealed class EventDrivenComparison : IComparison
{
    private const int Rounds = 3, Events = 10_000, WarmUp = 3;

    public string Name => "event-driven";

    public string Description =>
        "Orders through copier, filter, splitter, sharder and merger, through the same written on Redis streams, and through one loop.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        var orders = new Orders(folder, new Random(1));
        var port = Tool.FreePort();
        try
        {
            await using var redis = await Tool.StartAsync(
                Tool.Find("redis-server", "redis-server"),
                ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder], port, cancel);
            await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port}");
            await using var ours = await StageFlow.StartAsync(port, folder, cancel);
            await using var direct = await DirectFlow.StartAsync(port, cancel);
            var (here, there) = (new FlowRun(connection, "", orders), new FlowRun(connection, DirectStreams.Prefix, orders));
            for (var i = 0; i < WarmUp; i++)
            {
                await here.MeasureAsync(Events, () => ours.ProcessorTime, cancel);
                await there.MeasureAsync(Events, () => direct.ProcessorTime, cancel);
            }

            await CompareAsync(here, there, ours, direct, orders, report, cancel);
            await GrowAsync(here, ours, duration, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(
        FlowRun here, FlowRun there, StageFlow ours, Peer direct, Orders orders, Action<Finding> report, CancellationToken cancel)
    {
        var rounds = new List<(Passage Ours, Passage Direct)>();
        for (var round = 0; round < Rounds; round++)
        {
            rounds.Add((
                await here.MeasureAsync(Events, () => ours.ProcessorTime, cancel),
                await there.MeasureAsync(Events, () => direct.ProcessorTime, cancel)));
        }

        // The round in the middle by ratio: one that a neighbour disturbed decides nothing.
        var middle = rounds.OrderBy(r => r.Ours.PerSecond / r.Direct.PerSecond).ElementAt(Rounds / 2);
        report(Finding.AtLeast(
            0.5, "five stages, to the same on Redis streams: events", middle.Ours.PerSecond, middle.Direct.PerSecond, "1/s"));
        report(new Finding(
            "five stages, to the same on Redis streams: processor time an event", middle.Ours.Microseconds, middle.Direct.Microseconds,
            "µs"));
        var loop = await LoopAsync(orders, cancel);
        report(new Finding("five stages, to one loop with channels: events", middle.Ours.PerSecond, loop.PerSecond, "1/s"));
        report(new Finding(
            "five stages, to one loop with channels: processor time an event", middle.Ours.Microseconds, loop.Microseconds, "µs"));
    }

    // As many more as the time allows: 10^6 take minutes.
    private static async Task GrowAsync(
        FlowRun here, StageFlow ours, TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var (began, costs, before) = (TimeProvider.System.GetTimestamp(), new List<double>(), ours.Memory);
        do
            costs.Add((await here.MeasureAsync(Events, () => ours.ProcessorTime, cancel)).Microseconds);
        while (TimeProvider.System.GetElapsedTime(began) < duration || costs.Count < 2 * Rounds);

        double Middle(IEnumerable<double> values) => values.Order().ElementAt(Rounds / 2);
        report(Finding.AtMost(
            1.1, $"processor time an event, the last of {here.Sent} to those before them", Middle(costs.TakeLast(Rounds)),
            Middle(costs.Take(Rounds)), "µs"));
        report(new Finding($"memory of stages and sidecars after {here.Sent} events, to before", ours.Memory / 1e6, before / 1e6, "MB"));
    }

    private static async Task<Passage> LoopAsync(Orders orders, CancellationToken cancel)
    {
        const int times = 20 * Events;
        var drawn = orders.Draw(times);
        await new OneLoop().RunAsync(drawn, cancel);
        var (began, before) = (TimeProvider.System.GetTimestamp(), Environment.CpuUsage.TotalTime);
        await new OneLoop().RunAsync(drawn, cancel);
        return new Passage(
            times / TimeProvider.System.GetElapsedTime(began).TotalSeconds,
            (Environment.CpuUsage.TotalTime - before).TotalMicroseconds / times);
    }
}
