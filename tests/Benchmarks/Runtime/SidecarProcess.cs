using System.Net;
using System.Net.Sockets;

namespace Samples.Benchmarks.Runtime;

/// <summary>A program that is started as tools start daprd: the real one, or the one that takes its place.</summary>
/// <param name="Path">The program.</param>
/// <param name="First">Arguments before the flags.</param>
internal sealed record SidecarProgram(string Path, IReadOnlyList<string> First)
{
    /// <summary>The real daprd; null where <c>DAPRD</c> names none.</summary>
    public static SidecarProgram? Daprd =>
        Environment.GetEnvironmentVariable("DAPRD") is { Length: > 0 } path ? new SidecarProgram(path, []) : null;

    /// <summary>The drop-in of this project, built beside this program.</summary>
    public static SidecarProgram DropIn { get; } = new(
        System.IO.Path.GetFullPath(System.IO.Path.Combine(
            AppContext.BaseDirectory, "..", "..", "Samples.Cli", new DirectoryInfo(AppContext.BaseDirectory).Name,
            OperatingSystem.IsWindows() ? "samples.exe" : "samples")),
        ["sidecar"]);

    /// <summary>
    /// Starts one and waits until it is whole. Those of a folder find each other through a file there, and nothing leaves loopback.
    /// </summary>
    /// <param name="folder">Has the components in <c>memory</c>.</param>
    /// <param name="appId">Its application's id.</param>
    /// <param name="ports">HTTP, gRPC, and the one between sidecars.</param>
    /// <param name="more">Further flags.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<Peer> StartAsync(string folder, string appId, int[] ports, IReadOnlyList<string> more, CancellationToken cancel)
    {
        var (peer, _) = await Peer.StartAsync(Path,
        [
            .. First, "--app-id", appId, "--dapr-http-port", $"{ports[0]}", "--dapr-grpc-port", $"{ports[1]}", "--dapr-internal-grpc-port",
            $"{ports[2]}", "--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
            "--enable-metrics=false", "--log-level", "info", "--resources-path", System.IO.Path.Combine(folder, "memory"),
            "--config", await ConfigureAsync(folder, cancel), .. more,
        ], cancel, new Dictionary<string, string> { ["DAPR_HOST_IP"] = "127.0.0.1" });
        using var http = Client(ports[0]);
        await WaitAsync(http, cancel);
        return peer;
    }

    /// <summary>Ports that are free now.</summary>
    public static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (var listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (var listener in listeners)
            listener.Dispose();
        return ports;
    }

    /// <summary>A client of a port of loopback.</summary>
    public static HttpClient Client(int port) =>
        new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

    private async Task<string> ConfigureAsync(string folder, CancellationToken cancel)
    {
        var configuration = System.IO.Path.Combine(folder, $"{System.IO.Path.GetFileName(Path)}.yaml");
        if (File.Exists(configuration))
            return configuration;
        await File.WriteAllTextAsync(configuration, $"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: compare
            spec:
              nameResolution:
                component: sqlite
                configuration:
                  connectionString: {System.IO.Path.ChangeExtension(configuration, "db")}
            """, cancel);
        return configuration;
    }

    // It says when it is ready by answering, and by nothing else.
    private static async Task WaitAsync(HttpClient sidecar, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
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
}
