using System.Text.Json.Nodes;
using Samples.Conformance.Redis;
using Xunit;

namespace Samples.Conformance.Record;

/// <summary>The whole record, replayed once for all tests of it: what differed, case by case.</summary>
public sealed class Replay : IAsyncLifetime
{
    // What an HTTP client, a proxy or a connection adds says nothing about the sidecar.
    private static readonly string[] Incidental =
        [
            "host",
            "user-agent",
            "content-length",
            "accept-encoding",
            "connection",
            "transfer-encoding",
            "forwarded",
            "x-forwarded-for",
            "x-forwarded-host"
        ];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    internal Dictionary<RecordedCase, List<Difference>> Results { get; } = [];

    /// <summary>Blocks that wait for something; the reason is shown with the skipped test.</summary>
    internal static IReadOnlyDictionary<string, string> Pending { get; } = RedisServer.IsInstalled
        ? new Dictionary<string, string>()
        : new Dictionary<string, string> { ["state:redis-state"] = RedisServer.Missing };

    public async ValueTask InitializeAsync() => await Task.WhenAll(HttpAsync(), GrpcAsync());

    private async Task HttpAsync()
    {
        await using var machine = new RecordedMachine(new StubApp(StubApp.AllTopics), http: true, CancellationToken.None);
        await machine.StartAsync();
        var likeness = new Likeness();
        using var http = new HttpReplay(machine, likeness);
        await RunAsync("http", http.AskAsync, machine.Stub, likeness);
    }

    private async Task GrpcAsync()
    {
        await using var machine = new RecordedMachine(new StubApp(StubApp.OneTopic), http: false, CancellationToken.None);
        await machine.StartAsync();
        var likeness = new Likeness();
        using var grpc = new GrpcReplay(machine, likeness);
        await RunAsync("grpc", grpc.AskAsync, machine.Stub, likeness);
    }

    private async Task RunAsync(
        string transport, Func<RecordedCase, CancellationToken, Task<JsonObject>> ask, StubApp stub, Likeness likeness)
    {
        foreach (var recorded in RecordedCase.Load(transport).Where(c => !Pending.ContainsKey(c.Block)))
        {
            var differences = new List<Difference>();
            if (recorded.Json.ContainsKey("response"))
                differences.AddRange(await AnswerAsync(recorded, ask, likeness));
            foreach (var sent in recorded.SentToApp.Where(s => !IsPending(s)))
                differences.AddRange(await ArrivedAsync(recorded, sent, stub, likeness));
            lock (Results)
                Results.Add(recorded, differences);
        }
    }

    private static async Task<List<Difference>> AnswerAsync(
        RecordedCase recorded, Func<RecordedCase, CancellationToken, Task<JsonObject>> ask, Likeness likeness)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            var answer = await ask(recorded, limit.Token);
            List<Difference> differences = [.. likeness.Compare(recorded.Response, answer, "response")];
            // What was recorded some seconds later is asked again until the time has come.
            if (differences.Count == 0
                || recorded.Note?.EndsWith(" s later", StringComparison.Ordinal) != true
                || limit.IsCancellationRequested)
                return differences;
            await Task.Delay(100);
        }
    }

    private static async Task<IEnumerable<Difference>> ArrivedAsync(
        RecordedCase recorded, Received expected, StubApp stub, Likeness likeness)
    {
        var at = $"app {expected.Method} {expected.Path}";
        var missing = new Difference(at, "arrived", "did not");
        List<Difference> Differences(Received arrived) =>
            [
                .. likeness.Compare(Telling(expected), Telling(arrived), $"{at} headers"),
                .. likeness.CompareTexts(expected.Body.TrimEnd('\n'), arrived.Body.TrimEnd('\n'), $"{at} body")
            ];
        bool IsKnown(Difference difference) => ReplayTests.Deliberate.Any(known => known.Covers(recorded, difference));
        using var limit = new CancellationTokenSource(IsKnown(missing) ? TimeSpan.FromSeconds(1) : Patience);
        var arrived = await stub.TakeAsync(r => SamePlace(r) && Differences(r).TrueForAll(IsKnown), SamePlace, limit.Token);
        return arrived is null ? [missing] : Differences(arrived);

        bool SamePlace(Received request) => request.Method == expected.Method && request.Path == expected.Path;
    }

    private static JsonObject Telling(Received request) =>
        new(
            request.Headers.Where(h => !Incidental.Contains(h.Key)).Select(
                h => KeyValuePair.Create(h.Key, (JsonNode?)(h.Key == "dapr-grpc-accept-encoding" ? InOrder(h.Value) : h.Value))));

    // Each client has the encodings that it accepts in an order of its own.
    private static string InOrder(string list) =>
        string.Join(", ", list.Split(',', StringSplitOptions.TrimEntries).Order(StringComparer.Ordinal));

    private static bool IsPending(Received sent) =>
        (sent.Path == "/dapr/subscribe" || sent.Headers.ContainsKey("pubsubname")) && Pending.ContainsKey("pubsub");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
