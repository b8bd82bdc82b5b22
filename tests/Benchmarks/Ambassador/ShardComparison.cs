using System.Globalization;

namespace Samples.Benchmarks.Ambassador;

/// <summary>
/// Four Redis servers, once behind twemproxy and once behind the ambassador, in turns: what else the machine does hits both.
/// </summary>
internal sealed class ShardComparison(string folder)
{
    private const int Shards = 4, Clients = 50, Rounds = 3;

    private sealed record Door(int Port, Tool Tool);

    private sealed record Result(double Rate, double MicrosecondsOfProcessor);

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var redis = Tool.Find("redis-server", "redis-server");
        var benchmark = Tool.Find("redis-benchmark", "redis-tools");
        var nutcracker = Tool.Find("nutcracker", "nutcracker");
        var tools = new List<Tool>();
        try
        {
            var servers = new List<string>();
            for (var i = 1; i <= Shards; i++)
            {
                var port = Tool.FreePort();
                string[] settings = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
                tools.Add(await Tool.StartAsync(redis, settings, port, cancel));
                servers.Add($"127.0.0.1:{port}:1 shard-{i}");
            }

            var twemproxy = await StartTwemproxyAsync(nutcracker, servers, cancel);
            tools.Add(twemproxy.Tool);
            var ours = await StartOursAsync(servers, cancel);
            tools.Add(ours.Tool);
            foreach (var pipeline in (int[])[1, 16])
            {
                foreach (var test in (string[])["set", "get"])
                    await CompareAsync(benchmark, test, pipeline, ours, twemproxy, duration, report, cancel);
            }
        }
        finally
        {
            foreach (var tool in Enumerable.Reverse(tools))
                await tool.DisposeAsync();
        }
    }

    private async Task<Door> StartTwemproxyAsync(string nutcracker, List<string> servers, CancellationToken cancel)
    {
        var (port, file) = (Tool.FreePort(), Path.Combine(folder, "nutcracker.yml"));
        await File.WriteAllTextAsync(file, $"""
            pool:
              listen: 127.0.0.1:{port}
              hash: fnv1a_64
              distribution: ketama
              redis: true
              servers:
            {string.Concat(servers.Select(s => $"   - {s}\n"))}
            """, cancel);
        var log = Path.Combine(folder, "nutcracker.log");
        string[] arguments = ["-c", file, "-s", $"{Tool.FreePort()}", "-a", "127.0.0.1", "-o", log];
        return new Door(port, await Tool.StartAsync(nutcracker, arguments, port, cancel));
    }

    private static async Task<Door> StartOursAsync(List<string> servers, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        return new Door(port, await Tool.StartServiceAsync("Samples.ShardAmbassador", port, cancel,
            ("APP_PORT", $"{Tool.FreePort()}"), ("RESP_PORT", $"{port}"), ("SHARDS", string.Join(',', servers))));
    }

    private static async Task CompareAsync(
        string benchmark, string test, int pipeline, Door ours, Door theirs, TimeSpan duration, Action<Finding> report,
        CancellationToken cancel)
    {
        // A first run finds the rate, and lets the compiler finish.
        var warm = await MeasureAsync(benchmark, test, pipeline, pipeline * 60_000, ours, cancel);
        var count = (int)(warm.Rate * duration.TotalSeconds) + 1000;
        var results = new List<(Result Ours, Result Theirs)>();
        for (var round = 0; round < Rounds; round++)
        {
            var here = await MeasureAsync(benchmark, test, pipeline, count, ours, cancel);
            var there = await MeasureAsync(benchmark, test, pipeline, count, theirs, cancel);
            results.Add((here, there));
        }

        // The round in the middle by ratio: one that a neighbour disturbed decides nothing.
        var middle = results.OrderBy(r => r.Ours.Rate / r.Theirs.Rate).ElementAt(Rounds / 2);
        var what = $"redis-benchmark {test.ToUpperInvariant()}, {Clients} clients, pipeline {pipeline}";
        report(Finding.AtLeast(1, $"{what}: to twemproxy", middle.Ours.Rate, middle.Theirs.Rate, "1/s"));
        report(new Finding($"{what}: processor time", middle.Ours.MicrosecondsOfProcessor, middle.Theirs.MicrosecondsOfProcessor, "µs"));
    }

    private static async Task<Result> MeasureAsync(
        string benchmark, string test, int pipeline, int count, Door door, CancellationToken cancel)
    {
        var before = door.Tool.ProcessorTime;
        var said = await Tool.RunAsync(benchmark,
            ["-p", $"{door.Port}", "-t", test, "-n", $"{count}", "-c", $"{Clients}", "-P", $"{pipeline}", "-r", "100000", "--csv"], cancel);
        var line = said.Split('\n').First(l => l.StartsWith($"\"{test.ToUpperInvariant()}\"", StringComparison.Ordinal));
        var rate = double.Parse(line.Split(',')[1].Trim('"'), CultureInfo.InvariantCulture);
        return new Result(rate, (door.Tool.ProcessorTime - before).TotalMicroseconds / count);
    }
}
