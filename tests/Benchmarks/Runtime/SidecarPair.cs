using System.Net;
using System.Net.Sockets;

namespace Samples.Benchmarks.Runtime;

/// <summary>A caller's and an application's sidecar, whoever made them.</summary>
/// <param name="processes">Where they run: one process for both, or one each.</param>
internal sealed class SidecarPair(IReadOnlyList<Peer> processes, int callerPort, int appPort) : IAsyncDisposable
{
    /// <summary>The caller's sidecar.</summary>
    public HttpClient Caller { get; } = Client(callerPort);

    /// <summary>The application's sidecar.</summary>
    public HttpClient App { get; } = Client(appPort);

    /// <summary>Processor time of both together.</summary>
    public TimeSpan ProcessorTime => processes.Aggregate(TimeSpan.Zero, (sum, p) => sum + p.ProcessorTime);

    /// <summary>Resident memory of both together, in bytes.</summary>
    public long Memory => processes.Sum(p => p.Memory);

    /// <summary>Both in one process of the embedded runtime.</summary>
    public static async Task<SidecarPair> StartEmbeddedAsync(int appPort, string folder, CancellationToken cancel)
    {
        var (peer, ports) = await Peer.StartOwnAsync(["serve-runtime", $"{appPort}", folder], cancel);
        int[] both = [.. ports.Split(' ').Select(int.Parse)];
        return new SidecarPair([peer], both[0], both[1]);
    }

    /// <summary>Two processes of the real daprd. They find each other through a SQLite file, and nothing leaves loopback.</summary>
    public static async Task<SidecarPair> StartDaprdAsync(string daprd, int appPort, string folder, CancellationToken cancel)
    {
        var configuration = Path.Combine(folder, "daprd.yaml");
        await File.WriteAllTextAsync(configuration, $"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: compare
            spec:
              nameResolution:
                component: sqlite
                configuration:
                  connectionString: {Path.Combine(folder, "names.db")}
            """, cancel);
        var ports = FreePorts(6);
        var app = await StartOneAsync(
            "app", ports[0], ports[1], ports[2], ["--app-port", $"{appPort}", "--app-channel-address", "127.0.0.1"]);
        var caller = await StartOneAsync("caller", ports[3], ports[4], ports[5], []);
        return new SidecarPair([app, caller], ports[3], ports[0]);

        async Task<Peer> StartOneAsync(string appId, int http, int grpc, int @internal, string[] more)
        {
            var (peer, _) = await Peer.StartAsync(daprd,
            [
                "--app-id", appId, "--dapr-http-port", $"{http}", "--dapr-grpc-port", $"{grpc}", "--dapr-internal-grpc-port",
                $"{@internal}",
                "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1", "--enable-metrics=false",
                "--log-level", "info",
                "--resources-path", Path.Combine(folder, "memory"), "--config", configuration, .. more,
            ], cancel, new Dictionary<string, string> { ["DAPR_HOST_IP"] = "127.0.0.1" });
            using var http1 = Client(http);
            await WaitAsync(http1, cancel);
            return peer;
        }
    }

    // It says when it is ready by answering, and by nothing else.
    private static async Task WaitAsync(HttpClient sidecar, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var answer = await sidecar.GetAsync("/v1.0/healthz", limit.Token);
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (var listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (var listener in listeners)
            listener.Dispose();
        return ports;
    }

    private static HttpClient Client(int port) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Caller.Dispose();
        App.Dispose();
        foreach (var process in processes)
            await process.DisposeAsync();
    }
}
