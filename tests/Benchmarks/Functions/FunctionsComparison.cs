using System.Diagnostics;
using System.Globalization;
using System.Text;
using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Functions;

/// <summary>
/// The decorator before the API against the API alone, through the same sidecars and in turns; and a function's cold start against that of
/// a program that says hello.
/// </summary>
internal sealed class FunctionsComparison : IComparison
{
    private const int Rounds = 7, Clients = 4, Starts = 5;
    private const double MostProcessor = 2.2, MostP99 = 2.5;

    private static readonly HttpClient Http = new();

    public string Name => "functions";

    public string Description => "The decorator before the API and the API alone, and a cold start beside a program that says hello.";

    private sealed record Side(double Processor, double P99);

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        var (decoratorPort, apiPort) = (Tool.FreePort(), Tool.FreePort());
        try
        {
            var (sidecars, line) = await Peer.StartOwnAsync(["serve-functions", $"{decoratorPort}", $"{apiPort}", folder], cancel);
            await using var _ = sidecars;
            var ports = line.Split(' ');
            await using var api = await Tool.StartServiceAsync(
                "Samples.UserApi", apiPort, cancel, Environment(apiPort, ports[3], ports[4]));
            await using var decorator = await Tool.StartServiceAsync(
                "Samples.Decorator", decoratorPort, cancel, Environment(decoratorPort, ports[1], ports[2]));
            TimeSpan Used() => sidecars.ProcessorTime + api.ProcessorTime + decorator.ProcessorTime;
            await CompareAsync($"http://127.0.0.1:{ports[0]}/v1.0/invoke", Used, duration, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        await CompareStartsAsync(report, cancel);
    }

    private static (string, string)[] Environment(int port, string http, string grpc) =>
        [("APP_PORT", $"{port}"), ("DAPR_HTTP_PORT", http), ("DAPR_GRPC_PORT", grpc)];

    private static async Task CompareAsync(
        string entrance, Func<TimeSpan> used, TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        // What the compiler does first is no part of either.
        foreach (var appId in (string[])["user-api", "decorator"])
            await MeasureAsync(entrance, appId, used, duration, cancel);
        var rounds = new List<(Side Decorated, Side Alone)>();
        for (var round = 0; round < Rounds; round++)
        {
            rounds.Add((
                await MeasureAsync(entrance, "decorator", used, duration / 2, cancel),
                await MeasureAsync(entrance, "user-api", used, duration / 2, cancel)));
        }

        // The round in the middle: one that a neighbour disturbed decides nothing.
        var cost = rounds.OrderBy(r => r.Decorated.Processor / r.Alone.Processor).ElementAt(Rounds / 2);
        var tail = rounds.OrderBy(r => r.Decorated.P99 / r.Alone.P99).ElementAt(Rounds / 2);
        report(Finding.AtMost(
            MostProcessor, "processor time of a request: decorator and API to the API alone",
            cost.Decorated.Processor, cost.Alone.Processor, "ms"));
        report(Finding.AtMost(MostP99, "p99 of a request: decorator and API to the API alone", tail.Decorated.P99, tail.Alone.P99, "ms"));
    }

    private static async Task<Side> MeasureAsync(
        string entrance, string appId, Func<TimeSpan> used, TimeSpan duration, CancellationToken cancel)
    {
        var before = used();
        var load = await Load.LoopAsync(Clients, duration, async (_, stop) =>
        {
            using var user = new StringContent("""{"name":"Ada","colour":"red","age":36}""", Encoding.UTF8, "application/json");
            using var answer = await Http.PostAsync($"{entrance}/{appId}/method/users", user, stop);
            answer.EnsureSuccessStatusCode();
        }, cancel);
        return new Side((used() - before).TotalMilliseconds / load.Requests, load.Quantile(0.99));
    }

    private static async Task CompareStartsAsync(Action<Finding> report, CancellationToken cancel)
    {
        var (ours, hello) = (new List<double>(), new List<double>());
        for (var start = 0; start < Starts; start++)
        {
            ours.Add(await StartFunctionAsync(cancel));
            var began = Stopwatch.GetTimestamp();
            var (peer, _) = await Peer.StartOwnAsync(["hello"], cancel);
            hello.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await peer.DisposeAsync();
        }

        report(new Finding(
            "cold start to the first answer: the decorator, to a program that says hello", Middle(ours), Middle(hello), "ms"));
    }

    private static async Task<double> StartFunctionAsync(CancellationToken cancel)
    {
        var port = Tool.FreePort();
        var began = Stopwatch.GetTimestamp();
        await using var function = await Tool.StartServiceAsync("Samples.Decorator", port, cancel, ("APP_PORT", $"{port}"));
        // Refused by the schema: a call of the function without one of the API.
        using var user = new StringContent("[]", Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/users", user, cancel);
        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }

    private static double Middle(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
