using System.Globalization;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance.Daprd;

/// <summary>A daprd process.</summary>
internal sealed class DaprdSidecar : ITestedSidecar
{
    // Longer than daprd itself waits for what is under way.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Server _server;
    private int _stopped;

    private DaprdSidecar(Server server, SidecarOptions options) => (_server, Options) = (server, options);

    public SidecarOptions Options { get; }

    public int HttpPort => Options.HttpPort;

    public int GrpcPort => Options.GrpcPort;

    public Task ShutdownRequested => _server.Exited;

    public static async Task<DaprdSidecar> StartAsync(
        SidecarOptions options, string resources, IReadOnlyList<string> configurations, ControlPlane? controlPlane,
        CancellationToken cancel)
    {
        var (sidecar, _) = await FreePorts.TryAsync(3, async free =>
        {
            var chosen = options with { HttpPort = Chosen(options.HttpPort, free[0]), GrpcPort = Chosen(options.GrpcPort, free[1]) };
            var server = new Server(Executables.Sidecar, options.BaseDirectory,
                [
                    .. Arguments(chosen, free[2]),
                    "--resources-path",
                    resources,
                    .. configurations.SelectMany(c => (string[])["--config", c]),
                    .. Arguments(controlPlane)
                ],
                ("DAPR_HOST_IP", "127.0.0.1"), ("DAPR_API_TOKEN", options.ApiToken), ("APP_API_TOKEN", options.AppToken));
            // Without its application it serves, but is not whole yet.
            await server.WaitForAsync($"http://127.0.0.1:{chosen.HttpPort}/v1.0/healthz/outbound", cancel);
            return new DaprdSidecar(server, chosen);
        });
        return sidecar;
    }

    public Task WaitForAppAsync(CancellationToken cancel) => _server.WaitForAsync($"http://127.0.0.1:{HttpPort}/v1.0/healthz", cancel);

    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 1)
            return;
        if (!_server.Exited.IsCompleted)
            await AskToEndAsync();
        await _server.DisposeAsync();
        try
        {
            // Shown with a test that failed.
            TestContext.Current.TestOutputHelper?.WriteLine($"--- the log of {Options.AppId}'s daprd ends:\n{_server.Log}");
        }
        catch (InvalidOperationException)
        {
            // A test that ran out of its time takes no more output.
        }
    }

    private async Task AskToEndAsync()
    {
        using var http = new HttpClient { Timeout = Patience };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"http://127.0.0.1:{HttpPort}/v1.0/shutdown"));
        if (Options.ApiToken is { } token)
            request.Headers.Add("dapr-api-token", token);
        try
        {
            using var answer = await http.SendAsync(request);
            await _server.Exited.WaitAsync(Patience);
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or OperationCanceledException)
        {
            // It is ended the other way.
        }
    }

    private static int Chosen(int asked, int free) => asked == 0 ? free : asked;

    private static IEnumerable<string> Arguments(SidecarOptions options, int internalPort)
    {
        yield return "--app-id=" + options.AppId;
        yield return "--dapr-listen-addresses=127.0.0.1";
        yield return $"--dapr-http-port={options.HttpPort}";
        yield return $"--dapr-grpc-port={options.GrpcPort}";
        yield return $"--dapr-internal-grpc-port={internalPort}";
        yield return "--dapr-internal-grpc-listen-address=127.0.0.1";
        yield return "--enable-metrics=false";
        yield return "--log-level=warn";
        yield return $"--max-body-size={options.MaxBodySize}";
        if (options.AppPort is { } port)
        {
            yield return $"--app-port={port}";
            yield return "--app-channel-address=127.0.0.1";
            yield return "--app-protocol=" + options.AppProtocol;
        }

        if (options.MaxConcurrency > 0)
            yield return $"--app-max-concurrency={options.MaxConcurrency}";
        if (options.AppHealthCheck is { } check)
        {
            yield return "--enable-app-health-check";
            yield return "--app-health-check-path=" + check.Path;
            // Whole seconds are the least that daprd knows, and a timeout must be shorter than the interval.
            var interval = Math.Max(1, (int)Math.Ceiling(check.Interval.TotalSeconds));
            yield return $"--app-health-probe-interval={interval}";
            yield return string.Create(
                CultureInfo.InvariantCulture, $"--app-health-probe-timeout={Math.Min(check.Timeout.TotalMilliseconds, interval * 900)}");
            yield return $"--app-health-threshold={check.Threshold}";
        }
    }

    private static IEnumerable<string> Arguments(ControlPlane? controlPlane) => controlPlane is null
        ? []
        : ["--placement-host-address", controlPlane.PlacementAddress, "--scheduler-host-address", controlPlane.SchedulerAddress];
}
