using System.Globalization;
using Samples.Benchmarks.Ambassador;
using Samples.Runtime;

namespace Samples.Benchmarks.EventDriven;

/// <summary>The five stages, a process each; their sidecars in one process of the embedded runtime, as `samples run` has them.</summary>
internal sealed class StageFlow(Peer sidecars, IReadOnlyList<Tool> stages) : IAsyncDisposable
{
    private static readonly (string Project, string AppId, (string, string)[] Settings)[] Stages =
    [
        ("Samples.Copier", "copier", [("INPUTS", "orders"), ("OUTPUTS", "orders-billing, orders-archive")]),
        ("Samples.Filter", "filter", [("INPUTS", "orders-billing"), ("OUTPUTS", "orders-paid"), ("KEEP", "event.data.status == 'paid'")]),
        ("Samples.Splitter", "splitter",
        [
            ("INPUTS", "orders-paid"), ("OUTPUTS", "orders-domestic, orders-export"),
            ("ROUTES", "orders-domestic: event.data.country == 'DE'\norders-export: true"),
        ]),
        ("Samples.Sharder", "sharder",
            [("INPUTS", "orders-domestic"), ("OUTPUTS", "orders-shard-1, orders-shard-2"), ("WITHOUT_KEY", "orders-guests")]),
        ("Samples.Merger", "merger",
            [("INPUTS", "orders-export, orders-guests, orders-shard-1, orders-shard-2"), ("OUTPUTS", "orders-ready")]),
    ];

    /// <summary>Processor time of stages and sidecars; not of Redis.</summary>
    public TimeSpan ProcessorTime => stages.Aggregate(sidecars.ProcessorTime, (sum, s) => sum + s.ProcessorTime);

    /// <summary>Resident memory of stages and sidecars, in bytes.</summary>
    public long Memory => sidecars.Memory + stages.Sum(s => s.Memory);

    /// <summary>Starts all.</summary>
    public static async Task<StageFlow> StartAsync(int redis, string folder, CancellationToken cancel)
    {
        int[] ports = [.. Stages.Select(_ => Tool.FreePort())];
        var (sidecars, said) = await Peer.StartOwnAsync(["serve-flow", $"{redis}", folder, string.Join(',', ports)], cancel);
        string[][] doors = [.. said.Split(' ').Select(d => d.Split(':'))];
        var stages = new List<Tool>();
        foreach (var ((project, appId, settings), at) in Stages.Select((s, at) => (s, at)))
        {
            stages.Add(await Tool.StartServiceAsync(
                project, ports[at], cancel,
                [
                    ("APP_ID", appId), ("APP_PORT", $"{ports[at]}"), ("DAPR_HTTP_PORT", doors[at][0]), ("DAPR_GRPC_PORT", doors[at][1]),
                    ("KEY", "event.data.customer"), ("Logging__LogLevel__Default", "Warning"), .. settings,
                ]));
        }

        return new StageFlow(sidecars, stages);
    }

    /// <summary>The process of the sidecars. Prints their HTTP and gRPC ports; ends when its input ends.</summary>
    public static async Task ServeAsync(string redis, string folder, string ports)
    {
        var resources = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "redis.yaml"), $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: orderedpubsub
            spec:
              type: pubsub.redis
              version: v1
              metadata:
              - name: redisHost
                value: 127.0.0.1:{redis}
              - name: concurrency
                value: "1"
              - name: maxLenApprox
                value: "200000"
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: statestore
            spec:
              type: state.redis
              version: v1
              metadata:
              - name: redisHost
                value: 127.0.0.1:{redis}
            """);
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var doors = new List<string>();
        foreach (var (stage, port) in Stages.Zip(ports.Split(',')))
        {
            var sidecar = await runtime.AddSidecarAsync(new SidecarOptions(stage.AppId)
            {
                AppPort = int.Parse(port, CultureInfo.InvariantCulture), ResourcePaths = [resources], BaseDirectory = folder,
            });
            doors.Add($"{sidecar.HttpPort}:{sidecar.GrpcPort}");
        }

        Console.WriteLine(string.Join(' ', doors));
        await Console.In.ReadToEndAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var stage in stages)
            await stage.DisposeAsync();
        await sidecars.DisposeAsync();
    }
}
