using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;
using Samples.Runtime;
using Xunit;
using Stream = Grpc.Core.AsyncDuplexStreamingCall<
    Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsRequestAlpha1, Dapr.Client.Autogen.Grpc.v1.SubscribeTopicEventsResponseAlpha1>;
using Wire = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace Samples.Unit;

/// <summary>A runtime whose store has an outbox is killed at random points, again and again, over the same files.</summary>
public sealed class OutboxKillTests : IDisposable
{
    private const string Resources = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: store}
        spec:
          type: state.sqlite
          version: v1
          metadata:
          - {name: connectionString, value: state.db}
          - {name: outboxPublishPubsub, value: pubsub}
          - {name: outboxPublishTopic, value: changes}
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: pubsub}
        spec:
          type: pubsub.sqlite
          version: v1
          metadata:
          - {name: connectionString, value: broker.db}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-outbox-").FullName;

    [Fact(Timeout = 120_000)]
    public async Task Exactly_what_was_committed_is_published_whenever_the_process_is_killed()
    {
        var cancel = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(_folder, "all.yaml"), Resources, cancel);
        // From its first subscription on, the group's events are kept for it.
        await RunAsync((_, _) => Task.CompletedTask, cancel);
        var acknowledged = new HashSet<string>();
        for (var round = 0; round < 5; round++)
            acknowledged.UnionWith(
                (
                    await KilledProcess.RunAsync(Random.Shared.Next(1, 400), "outbox", _folder, $"{round * 1_000_000}")).Select(line =>
                        line.Split(' ')[1]));
        var committed = Keys("app1||").ToHashSet();
        Assert.Superset(acknowledged, committed);
        Assert.DoesNotContain(committed, number => int.Parse(number) % 5 == 0);
        var published = new HashSet<string>();
        await RunAsync(async (stream, end) =>
        {
            while (published.Count < committed.Count && await stream.ResponseStream.MoveNext(end))
            {
                var told = stream.ResponseStream.Current.EventMessage;
                published.Add(told.Data.ToStringUtf8());
                await stream.RequestStream.WriteAsync(
                    new() { EventProcessed = new() { Id = told.Id, Status = new TopicEventResponse() } }, end);
            }

            // What was published is kept no longer.
            while (Keys("outbox||").Count > 0)
                await Task.Delay(10, end);
        }, cancel);
        Assert.Equal(committed.Order(), published.Order());
    }

    // A sidecar of this process over the same files, with a stream that subscribes.
    private async Task RunAsync(Func<Stream, CancellationToken, Task> use, CancellationToken cancel)
    {
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var sidecar = await runtime.AddSidecarAsync(
            new SidecarOptions("app1") { ResourcePaths = [_folder], BaseDirectory = _folder }, cancel);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.GrpcPort}");
        using var stream = new Wire(channel).SubscribeTopicEventsAlpha1(cancellationToken: cancel);
        await stream.RequestStream.WriteAsync(new() { InitialRequest = new() { PubsubName = "pubsub", Topic = "changes" } }, cancel);
        Assert.True(await stream.ResponseStream.MoveNext(cancel));
        await use(stream, cancel);
    }

    private List<string> Keys(string prefix)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT key FROM state";
        using var rows = command.ExecuteReader();
        var keys = new List<string>();
        while (rows.Read())
            keys.Add(rows.GetString(0));
        return [.. keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Select(k => k[prefix.Length..])];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
