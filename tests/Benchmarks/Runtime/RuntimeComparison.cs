using System.Globalization;

namespace Samples.Benchmarks.Runtime;

/// <summary>
/// What the embedded runtime costs: invocation through two sidecars and events through a broker beside direct calls, durable state beside
/// SQLite itself. Where <c>DAPRD</c> names a real daprd, the same loads run through it too. Application and sidecars are processes of their
/// own, so that the load's processor time is not counted.
/// </summary>
internal sealed class RuntimeComparison : IComparison
{
    private const string Publish = "/v1.0/publish/pubsub/orders", Invoke = "/v1.0/invoke/app/method/hello";

    public string Name => "runtime";

    public string Description => "Sidecars beside direct calls and the raw SQLite engine; beside the real daprd where DAPRD names one.";

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("samples-compare-").FullName;
        try
        {
            WriteComponents(folder);
            var (app, line) = await Peer.StartOwnAsync(["serve-app"], cancel);
            await using var stopApp = app;
            var port = int.Parse(line, CultureInfo.InvariantCulture);
            using var direct = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            var measure = new Measurement(duration, cancel);

            var (plain, plainCost) = await measure.CallAsync(direct, "/hello", () => app.ProcessorTime);
            var posted = await measure.FloodAsync(direct, "/orders", direct);
            var postedOne = await measure.TrickleAsync(direct, "/orders", direct);
            Outcome embedded;
            await using (var sidecars = await SidecarPair.StartEmbeddedAsync(port, folder, cancel))
            {
                embedded = await Outcome.MeasureAsync(measure, sidecars, app, direct, "memory");
                report(Finding.AtMost(4, "invocation: processor time a request, to the direct call", embedded.Cost, plainCost, "µs"));
                report(new Finding("invocation: requests a second, to the direct call", embedded.Calls.Rate, plain.Rate, "1/s"));
                report(new Finding("invocation: p99, to the direct call", embedded.Calls.Quantile(0.99), plain.Quantile(0.99), "ms"));
                report(new Finding("publish to delivery: events a second, to the direct call", embedded.Events.Rate, posted.Rate, "1/s"));
                report(new Finding(
                    "publish to delivery: p50 of the time under way, to the direct call",
                    embedded.OneEvent.Quantile(0.5),
                    postedOne.Quantile(0.5),
                    "ms"));
                await CompareSqliteAsync(measure, sidecars, folder, report);
            }

            Outcome separate;
            await using (var sidecars = await SidecarPair.StartAsync(SidecarProgram.DropIn, port, folder, cancel))
                separate = await Outcome.MeasureAsync(measure, sidecars, app, direct, "memory");
            ReportSeparate("the direct call", separate, plain, plainCost, posted, report);
            if (SidecarProgram.Daprd is { } daprd)
                await CompareDaprdAsync(measure, daprd, port, folder, app, direct, embedded, separate, report, cancel);
            await new SidecarMemory(folder, report, cancel).CompareAsync(SidecarProgram.Daprd);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareSqliteAsync(Measurement measure, SidecarPair sidecars, string folder, Action<Finding> report)
    {
        using var raw = new RawSqlite(Path.Combine(folder, "raw.db"));
        var rawSaves = await measure.SaveAsync(raw);
        var saves = await measure.SaveAsync(sidecars.Caller, "durable");
        report(Finding.AtLeast(1.0 / 3, "durable saves from 64 clients, to raw SQLite", saves.Rate, rawSaves.Rate, "1/s"));
        var rawGets = await measure.GetAsync(raw);
        var gets = await measure.GetAsync(sidecars.Caller, "durable");
        report(new Finding("gets from 64 clients, to raw SQLite in the caller's own process", gets.Rate, rawGets.Rate, "1/s"));
    }

    private static async Task CompareDaprdAsync(
        Measurement measure, SidecarProgram daprd, int appPort, string folder, Peer app, HttpClient direct, Outcome ours, Outcome separate,
        Action<Finding> report, CancellationToken cancel)
    {
        await using var sidecars = await SidecarPair.StartAsync(daprd, appPort, folder, cancel);
        var theirs = await Outcome.MeasureAsync(measure, sidecars, app, direct, "memory");
        report(Finding.AtLeast(5, "invocation: requests a second, to daprd", ours.Calls.Rate, theirs.Calls.Rate, "1/s"));
        report(new Finding("invocation: processor time a request, to daprd", ours.Cost, theirs.Cost, "µs"));
        report(Finding.AtMost(0.5, "invocation: p99, to daprd", ours.Calls.Quantile(0.99), theirs.Calls.Quantile(0.99), "ms"));
        report(Finding.AtLeast(5, "publish to delivery: events a second, to daprd", ours.Events.Rate, theirs.Events.Rate, "1/s"));
        report(new Finding(
            "publish to delivery: p50 of the time under way, to daprd",
            ours.OneEvent.Quantile(0.5),
            theirs.OneEvent.Quantile(0.5),
            "ms"));
        report(Finding.AtLeast(2, "state in memory: saves a second, to daprd", ours.Saves.Rate, theirs.Saves.Rate, "1/s"));
        report(Finding.AtLeast(2, "state in memory: gets a second, to daprd", ours.Gets.Rate, theirs.Gets.Rate, "1/s"));
        report(new Finding("resident memory of two sidecars under load, to daprd", ours.Memory / 1e6, theirs.Memory / 1e6, "MB"));
        ReportSeparate("daprd", separate, theirs.Calls, theirs.Cost, theirs.Events, report);
    }

    // The drop-in: what the way between processes costs.
    private static void ReportSeparate(
        string peer, Outcome separate, LoadResult calls, double cost, LoadResult events, Action<Finding> report)
    {
        report(new Finding(
            $"one sidecar a process, invocation: requests a second, to {peer}", separate.Calls.Rate, calls.Rate, "1/s"));
        report(new Finding($"one sidecar a process, invocation: processor time a request, to {peer}", separate.Cost, cost, "µs"));
        report(new Finding(
            $"one sidecar a process, invocation: p99, to {peer}", separate.Calls.Quantile(0.99), calls.Quantile(0.99), "ms"));
        report(new Finding(
            $"one sidecar a process, publish to delivery: events a second, to {peer}", separate.Events.Rate, events.Rate, "1/s"));
    }

    private static void WriteComponents(string folder)
    {
        // What daprd knows too, and beside it what only the embedded runtime is asked for.
        var memory = Directory.CreateDirectory(Path.Combine(folder, "memory")).FullName;
        var all = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
        foreach (var to in new[] { memory, all })
        {
            File.WriteAllText(Path.Combine(to, "memory.yaml"), Component("memory", "state.in-memory"));
            File.WriteAllText(Path.Combine(to, "pubsub.yaml"), Component("pubsub", "pubsub.in-memory"));
        }

        File.WriteAllText(Path.Combine(all, "durable.yaml"), Component("durable", "state.sqlite") + """

              metadata:
              - name: connectionString
                value: state.db
            """);
    }

    private static string Component(string name, string type) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
        """;

    /// <summary>What a pair of sidecars did under every load.</summary>
    private sealed record Outcome(
        LoadResult Calls, double Cost, LoadResult Events, LoadResult OneEvent, LoadResult Saves, LoadResult Gets, long Memory)
    {
        public static async Task<Outcome> MeasureAsync(Measurement measure, SidecarPair sidecars, Peer app, HttpClient direct, string store)
        {
            var (calls, cost) = await measure.CallAsync(sidecars.Caller, Invoke, () => app.ProcessorTime + sidecars.ProcessorTime);
            // An in-memory broker of daprd serves one sidecar: the application publishes to itself.
            var events = await measure.FloodAsync(sidecars.App, Publish, direct);
            var oneEvent = await measure.TrickleAsync(sidecars.App, Publish, direct);
            var saves = await measure.SaveAsync(sidecars.Caller, store);
            var gets = await measure.GetAsync(sidecars.Caller, store);
            return new Outcome(calls, cost, events, oneEvent, saves, gets, sidecars.Memory);
        }
    }
}
