using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>
/// Three replicas that nginx plays, so that what is before them bounds; before them the front door, nginx and HAProxy, in turns.
/// </summary>
internal sealed class DoorComparison(string folder)
{
    private const int Rounds = 5, Slices = 12, PerSecond = 500, Body = 300;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var replicas = new List<(Tool Tool, int Port)>();
        try
        {
            for (var i = 0; i < 3; i++)
                replicas.Add(await NginxReplica.StartAsync(folder, $"replica-{i}", Body, cancel));
            int[] ports = [.. replicas.Select(r => r.Port)];
            await using var ours = await Door.StartOursAsync(ports, cancel);
            await using var nginx = await Door.StartNginxAsync(folder, ports, cancel);
            await using var haproxy = await Door.StartHaproxyAsync(folder, ports, cancel);
            await Wrk.WarmUpAsync(ours, null, cancel);
            await CompareCostAsync(ours, nginx, haproxy, duration, report, cancel);
            await CompareLatencyAsync(ours, [nginx, haproxy], report, cancel);
        }
        finally
        {
            foreach (var (tool, _) in replicas)
                await tool.DisposeAsync();
        }
    }

    private static async Task CompareCostAsync(
        Door ours, Door nginx, Door haproxy, TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var rounds = new List<(Cost Ours, Cost Nginx, Cost Haproxy)>();
        for (var round = 0; round < Rounds; round++)
        {
            rounds.Add((
                await Wrk.MeasureAsync(ours, null, duration, cancel),
                await Wrk.MeasureAsync(nginx, null, duration, cancel),
                await Wrk.MeasureAsync(haproxy, null, duration, cancel)));
        }

        // The round in the middle by ratio: one that a neighbour disturbed decides nothing.
        const string Requests = "front-door, wrk with 32 connections: requests a second of processor time";
        var middle = rounds.OrderBy(r => r.Ours.PerProcessor / r.Nginx.PerProcessor).ElementAt(Rounds / 2);
        report(Finding.AtLeast(0.6, $"{Requests}, to nginx", middle.Ours.PerProcessor, middle.Nginx.PerProcessor, "1/s") with
        {
            Bound = $"front-door {middle.Ours}; nginx {middle.Nginx}",
        });
        middle = rounds.OrderBy(r => r.Ours.PerProcessor / r.Haproxy.PerProcessor).ElementAt(Rounds / 2);
        report(new Finding($"{Requests}, to HAProxy", middle.Ours.PerProcessor, middle.Haproxy.PerProcessor, "1/s")
        {
            Bound = $"HAProxy {middle.Haproxy}",
        });
        report(new Finding(
            "front-door, wrk with 32 connections: requests a second, to nginx", middle.Ours.Rate, middle.Nginx.Rate, "1/s"));
    }

    // Many short slices in turns: what else the machine does meanwhile hits all of them.
    private static async Task CompareLatencyAsync(Door ours, Door[] peers, Action<Finding> report, CancellationToken cancel)
    {
        Door[] doors = [ours, .. peers];
        var seen = doors.ToDictionary(d => d, _ => new List<double>());
        foreach (var door in Enumerable.Repeat(doors, Slices + 1).SelectMany(d => d).Select((door, turn) => (door, turn)))
        {
            var result = await OpenLoop.RunAsync(door.door.Address + "/define/x", PerSecond, Slice, cancel);
            if (result.Failed > 0)
                throw new InvalidOperationException($"{door.door.Name}: {result.Failed} requests failed.");
            // The first turn of each opens connections.
            if (door.turn >= doors.Length)
                seen[door.door].AddRange(result.Milliseconds);
        }

        foreach (var peer in peers)
        {
            report(Finding.AtMost(1.5, $"front-door, {PerSecond} requests a second at fixed times: p99, to {peer.Name}",
                P99(seen[ours]), P99(seen[peer]), "ms") with
            {
                Bound = "at this rate the wait for a processor of the machine, the client's included",
            });
        }
    }

    private static double P99(List<double> milliseconds)
    {
        milliseconds.Sort();
        return milliseconds[(int)(0.99 * milliseconds.Count)];
    }
}
