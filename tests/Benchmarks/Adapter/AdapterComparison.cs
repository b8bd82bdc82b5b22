using System.Diagnostics;
using System.Globalization;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Adapter;

/// <summary>
/// The metrics adapter beside prometheus-redis-exporter: do they say the same of the same server, and how long does a scrape take.
/// Numbers are compared on one recorded reply to INFO, because each look at a real server changes what the next one sees; times are those
/// of a real server.
/// </summary>
internal sealed class AdapterComparison : IComparison
{
    private const int Rounds = 7, Keys = 5000;

    private static readonly HttpClient Http = new();

    private sealed record Door(Tool Tool, Uri Page);

    public string Name => "adapter";

    public string Description =>
        "The metrics adapter and prometheus-redis-exporter before one Redis: every number, and the time of a scrape.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var (redis, cli) = (Tool.Find("redis-server", "redis-server"), Tool.Find("redis-cli", "redis-tools"));
        var exporter = Tool.Find("prometheus-redis-exporter", "prometheus-redis-exporter");
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        var tools = new List<Tool>();
        try
        {
            var port = Tool.FreePort();
            string[] options = ["--port", $"{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
            tools.Add(await Tool.StartAsync(redis, options, port, cancel));
            var fill = $"for i = 1, {Keys} do redis.call('set', 'k' .. i, i, 'ex', 1000 + i) end "
                + "redis.call('get', 'none') return redis.call('lpush', 'l', 1)";
            await Tool.RunAsync(cli, ["-p", $"{port}", "eval", fill, "0"], cancel);

            await using (var recorded = new RecordedRedis(await Tool.RunAsync(cli, ["-p", $"{port}", "info", "all"], cancel)))
                await CompareNumbersAsync(tools, exporter, recorded.Port, report, cancel);
            await CompareTimesAsync(tools, exporter, port, duration, report, cancel);
        }
        finally
        {
            foreach (var tool in Enumerable.Reverse(tools))
                await tool.DisposeAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareNumbersAsync(
        List<Tool> tools, string exporter, int port, Action<Finding> report, CancellationToken cancel)
    {
        var ours = ReadPage(await Http.GetStringAsync((await StartOursAsync(tools, port, cancel)).Page, cancel));
        var theirs = ReadPage(await Http.GetStringAsync((await StartExporterAsync(tools, exporter, port, cancel)).Page, cancel));
        var both = ours.Keys.Intersect(theirs.Keys).ToList();
        var different = both.Where(k => ours[k] != theirs[k]).ToList();
        foreach (var key in different)
            await Console.Error.WriteLineAsync($"{key} is {ours[key]} here and {theirs[key]} there");
        if (both.Count < 50)
            throw new InvalidOperationException($"Both have only {both.Count} numbers; one of them said little.");
        report(Finding.AtLeast(1, "numbers that both have: equal, of all", both.Count - different.Count, both.Count, "numbers") with
        {
            Bound = $"the adapter's page has {ours.Count} numbers of Redis, the exporter's {theirs.Count}, which asks for more than INFO"
                + (different.Count > 0 ? $"; not equal are {string.Join(", ", different)}" : ""),
        });
    }

    private static async Task CompareTimesAsync(
        List<Tool> tools, string exporter, int port, TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var (ours, theirs) = (await StartOursAsync(tools, port, cancel), await StartExporterAsync(tools, exporter, port, cancel));
        // The compiler finishes its work meanwhile.
        await MeasureAsync(ours, duration, cancel);
        await MeasureAsync(theirs, duration / 4, cancel);
        var rounds = new List<((double Time, double Processor) Ours, (double Time, double Processor) Theirs)>();
        for (var round = 0; round < Rounds; round++)
            rounds.Add((await MeasureAsync(ours, duration / 2, cancel), await MeasureAsync(theirs, duration / 2, cancel)));

        // The round in the middle by ratio: one that a neighbour disturbed decides nothing.
        var middle = rounds.OrderBy(r => r.Ours.Time / r.Theirs.Time).ElementAt(Rounds / 2);
        report(Finding.AtMost(
            1.5, "time of a scrape, the median: to prometheus-redis-exporter", middle.Ours.Time, middle.Theirs.Time, "ms") with
        {
            Bound = string.Create(
                CultureInfo.InvariantCulture,
                $"the rounds, ours to theirs: {string.Join(", ", rounds.Select(r => $"{r.Ours.Time / r.Theirs.Time:0.00}").Order())}"),
        });
        report(new Finding("processor time of a scrape", middle.Ours.Processor, middle.Theirs.Processor, "ms"));
    }

    private static async Task<(double Time, double Processor)> MeasureAsync(Door door, TimeSpan duration, CancellationToken cancel)
    {
        var (times, before, began) = (new List<double>(), door.Tool.ProcessorTime, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var one = Stopwatch.GetTimestamp();
            await Http.GetByteArrayAsync(door.Page, cancel);
            times.Add(Stopwatch.GetElapsedTime(one).TotalMilliseconds);
        }

        times.Sort();
        return (times[times.Count / 2], (door.Tool.ProcessorTime - before).TotalMilliseconds / times.Count);
    }

    private static async Task<Door> StartOursAsync(List<Tool> tools, int redis, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        var tool = await Tool.StartServiceAsync("Samples.MetricsAdapter", port, cancel,
            ("APP_PORT", $"{port}"), ("SOURCES__REDIS__KIND", "redis"), ("SOURCES__REDIS__ADDRESS", $"127.0.0.1:{redis}"));
        tools.Add(tool);
        return new Door(tool, new Uri($"http://127.0.0.1:{port}/metrics"));
    }

    private static async Task<Door> StartExporterAsync(List<Tool> tools, string exporter, int redis, CancellationToken cancel)
    {
        var port = Tool.FreePort();
        var tool = await Tool.StartAsync(
            exporter, ["-redis.addr", $"redis://127.0.0.1:{redis}", "-web.listen-address", $"127.0.0.1:{port}"], port, cancel);
        tools.Add(tool);
        return new Door(tool, new Uri($"http://127.0.0.1:{port}/metrics"));
    }

    // Series and values of the text format, without our label that says whose they are. What describes is no number.
    private static Dictionary<string, string> ReadPage(string page) => page.Split('\n')
        .Where(l => l.StartsWith("redis_", StringComparison.Ordinal) && !l.StartsWith("redis_instance_info", StringComparison.Ordinal))
        .Select(l => l.Replace(",source=\"redis\"}", "}").Replace("{source=\"redis\"}", ""))
        .Select(l => (At: l.LastIndexOf(' '), Line: l))
        .ToDictionary(l => l.Line[..l.At], l => Normal(l.Line.AsSpan(l.At + 1)));

    private static string Normal(ReadOnlySpan<char> number) =>
        double.Parse(number, CultureInfo.InvariantCulture).ToString("R", CultureInfo.InvariantCulture);
}
