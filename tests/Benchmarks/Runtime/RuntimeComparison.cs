using System.Globalization;
using System.Net.Http.Headers;
using System.Text;

namespace Samples.Benchmarks.Runtime;

/// <summary>
/// What the embedded runtime costs: invocation through two sidecars beside the direct call, and durable state through a sidecar beside
/// SQLite itself. Application and runtime are processes of their own, so that the load's processor time is not counted.
/// </summary>
internal sealed class RuntimeComparison : IComparison
{
    private const int Callers = 16, Savers = 64;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    public string Name => "runtime";

    public string Description => "Invocation through sidecars beside direct calls, state beside the raw SQLite engine.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            WriteComponents(folder);
            var (app, port) = await Peer.StartOwnAsync(["serve-app"], cancel);
            await using var stopApp = app;
            var (runtime, sidecar) = await Peer.StartOwnAsync(["serve-runtime", port, folder], cancel);
            await using var stopRuntime = runtime;
            using var direct = Client(port);
            using var dapr = Client(sidecar);
            await InvokeAsync(duration, app, runtime, direct, dapr, report, cancel);
            await StateAsync(duration, folder, dapr, report, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task InvokeAsync(
        TimeSpan duration, Peer app, Peer runtime, HttpClient direct, HttpClient dapr, Action<Finding> report, CancellationToken cancel)
    {
        var (plain, plainCost) = await MeasureAsync(() => app.ProcessorTime, duration, direct, "/hello", cancel);
        var (invoked, invokedCost) = await MeasureAsync(() => app.ProcessorTime + runtime.ProcessorTime, duration, dapr, "/v1.0/invoke/app/method/hello", cancel);
        report(Finding.AtMost(4, "invocation: processor time a request, to the direct call", invokedCost, plainCost, "µs"));
        report(new Finding("invocation: requests a second, to the direct call", invoked.Rate, plain.Rate, "1/s"));
        report(new Finding("invocation: p99, to the direct call", invoked.Quantile(0.99), plain.Quantile(0.99), "ms"));
    }

    private static async Task<(LoadResult Load, double MicrosecondsOfProcessor)> MeasureAsync(
        Func<TimeSpan> processor, TimeSpan duration, HttpClient http, string path, CancellationToken cancel)
    {
        Task Request(int client, CancellationToken stop) => GetAsync(http, path, stop);
        // Until the hot paths are compiled for good: what the compiler takes belongs to neither number.
        await Load.LoopAsync(Callers, WarmUp, Request, cancel);
        var before = processor();
        var load = await Load.LoopAsync(Callers, duration, Request, cancel);
        return (load, (processor() - before).TotalMicroseconds / load.Requests);
    }

    private static async Task StateAsync(TimeSpan duration, string folder, HttpClient dapr, Action<Finding> report, CancellationToken cancel)
    {
        using var raw = new RawSqlite(Path.Combine(folder, "raw.db"));
        var rawSaves = await Load.RunAsync(Savers, duration, (client, _) => Run(() => raw.Save(Key(client), Value())), cancel);
        var saves = await Load.RunAsync(Savers, duration, (client, stop) => SaveAsync(dapr, Key(client), Value(), stop), cancel);
        report(Finding.AtLeast(1.0 / 3, "durable saves from 64 clients, to raw SQLite", saves.Rate, rawSaves.Rate, "1/s"));
        var rawGets = await Load.RunAsync(Savers, duration, (client, _) => Run(() => raw.Get(Key(client))), cancel);
        var gets = await Load.RunAsync(Savers, duration, (client, stop) => GetAsync(dapr, "/v1.0/state/statestore/" + Key(client), stop), cancel);
        report(new Finding("gets from 64 clients, to raw SQLite in the same process", gets.Rate, rawGets.Rate, "1/s"));
    }

    private static Task Run(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    // A few thousand keys: not one hot page, not a database that outgrows its cache.
    private static string Key(int client) => string.Create(CultureInfo.InvariantCulture, $"k{client}-{Random.Shared.Next(64)}");

    // Never the same twice: SQLite writes nothing where nothing changes.
    private static byte[] Value() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\"{Random.Shared.NextInt64():D20}{new string('x', 80)}\""));

    private static async Task GetAsync(HttpClient http, string path, CancellationToken cancel)
    {
        using var answer = await http.GetAsync(path, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task SaveAsync(HttpClient http, string key, byte[] value, CancellationToken cancel)
    {
        using var body = new ByteArrayContent([.. "[{\"key\":\""u8, .. Encoding.UTF8.GetBytes(key), .. "\",\"value\":"u8, .. value, .. "}]"u8]);
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await http.PostAsync("/v1.0/state/statestore", body, cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static HttpClient Client(string port) => new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    private static void WriteComponents(string folder) =>
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "components")).FullName, "statestore.yaml"), """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
            spec:
              type: state.sqlite
              version: v1
              metadata:
              - name: connectionString
                value: state.db
            """);
}
