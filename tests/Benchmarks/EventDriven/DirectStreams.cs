using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Samples.Benchmarks.EventDriven;

/// <summary>The direct flow as a process.</summary>
internal static class DirectFlow
{
    /// <summary>Starts it on a Redis.</summary>
    public static async Task<Peer> StartAsync(int redis, CancellationToken cancel) =>
        (await Peer.StartOwnAsync(["serve-streams", $"{redis}"], cancel)).Peer;
}

/// <summary>
/// The flow as one would write it on Redis streams without anything between: a consumer group a stage, a batch read, its results added and
/// then acknowledged in one pipeline. At least once: what a death doubles stays double.
/// </summary>
internal static class DirectStreams
{
    /// <summary>Begins the names of its streams.</summary>
    public const string Prefix = "direct-";

    private const string Group = "flow";
    private const int Batch = 100, Kept = 200_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs until its input ends.</summary>
    public static async Task RunAsync(string redis)
    {
        using var end = new CancellationTokenSource();
        string[] shards = ["shard-1", "shard-2"];
        Task[] stages =
        [
            StageAsync(redis, "", _ => ["billing", "archive"], end.Token),
            StageAsync(redis, "billing", e => Text(e, "status") == "paid" ? ["paid"] : [], end.Token),
            StageAsync(redis, "paid", e => [Text(e, "country") == "DE" ? "domestic" : "export"], end.Token),
            StageAsync(
                redis, "domestic",
                e => [Text(e, "customer") is { Length: > 0 } key ? shards[(uint)key.GetHashCode(StringComparison.Ordinal) % 2] : "guests"],
                end.Token),
            .. new[] { "export", "guests", "shard-1", "shard-2" }.Select(s => StageAsync(redis, s, _ => ["ready"], end.Token)),
        ];
        Console.WriteLine("ready");
        await Console.In.ReadToEndAsync();
        await end.CancelAsync();
        await Task.WhenAll(stages);
    }

    private static async Task StageAsync(string redis, string input, Func<JsonElement, string[]> route, CancellationToken end)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis}");
        var (database, stream) = (connection.GetDatabase(), NameOf(input));
        await database.StreamCreateConsumerGroupAsync(stream, Group, StreamPosition.Beginning);
        while (!end.IsCancellationRequested)
        {
            var entries = await database.StreamReadGroupAsync(stream, Group, "one", StreamPosition.NewMessages, Batch);
            if (entries.Length == 0)
            {
                await Task.Delay(Pause, CancellationToken.None);
                continue;
            }

            var added = entries.SelectMany(entry => Handle(database, entry, route)).ToList();
            await Task.WhenAll(added);
            await database.StreamAcknowledgeAsync(stream, Group, [.. entries.Select(e => e.Id)]);
        }
    }

    private static List<Task> Handle(IDatabase database, StreamEntry entry, Func<JsonElement, string[]> route)
    {
        var envelope = (ReadOnlyMemory<byte>)entry["data"];
        using var json = JsonDocument.Parse(envelope);
        return [.. route(json.RootElement.GetProperty("data")).Select(
            to => database.StreamAddAsync(NameOf(to), "data", envelope, maxLength: Kept, useApproximateMaxLength: true))];
    }

    private static string? Text(JsonElement data, string name) => data.GetProperty(name).GetString();

    private static string NameOf(string topic) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}orders{(topic.Length > 0 ? "-" : "")}{topic}");
}
