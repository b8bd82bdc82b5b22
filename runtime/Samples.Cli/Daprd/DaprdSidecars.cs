using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;

namespace Samples.Cli.Daprd;

/// <summary>
/// A real daprd beside each replica, with placement, scheduler and Redis of the run; everything listens on loopback only.
/// </summary>
internal sealed class DaprdSidecars : ISidecars
{
    private readonly Launcher _launcher = new();
    private readonly string _folder;
    private readonly ReplicaLogs _logs;
    private readonly DaprPrograms _programs;
    private readonly ResourceCopies _resources;
    private ControlPlane? _plane;
    private RedisServer? _redis;

    private DaprdSidecars(DaprPrograms programs, string folder, ReplicaLogs logs)
    {
        _programs = programs;
        _folder = folder;
        _logs = logs;
        _resources = new ResourceCopies(Path.Combine(folder, "resources"));
    }

    // How daprd finds the others: a file on this machine instead of multicast, which VPNs break and which remembers the dead for a minute.
    private string NameResolution => Path.Combine(_folder, "name-resolution.yaml");

    /// <summary>Starts what sidecars share. Throws <see cref="Runtime.Resources.ResourceException"/> and leaves nothing running.</summary>
    /// <param name="entries">What will run.</param>
    /// <param name="data">Where everything is kept.</param>
    /// <param name="alone">Whether the run begins with nothing and leaves nothing, as a tour does.</param>
    /// <param name="logs">Gets every line.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<DaprdSidecars> StartAsync(
        IReadOnlyList<RunEntry> entries, string data, bool alone, ReplicaLogs logs, CancellationToken cancel)
    {
        // They have much to say when they start; who wants to read it finds it in their files.
        foreach (var server in new[] { "placement", "scheduler", "redis" })
            logs.Direct(server, LogDestination.File);
        var sidecars = new DaprdSidecars(DaprPrograms.Require(), Directory.CreateDirectory(Path.Combine(data, "dapr")).FullName, logs);
        try
        {
            if (ResourceCopies.NeedRedis(entries.SelectMany(e => e.ResourcePaths).Distinct()))
                sidecars._redis = await RedisServer.FindAsync(sidecars._launcher, sidecars._folder, alone, logs.Write, cancel);
            sidecars._plane = await ControlPlane.StartAsync(sidecars._programs, sidecars._launcher, sidecars._folder, logs.Write, cancel);
            await sidecars.WriteNameResolutionAsync(cancel);
            return sidecars;
        }
        catch
        {
            await sidecars.DisposeAsync();
            throw;
        }
    }

    public async Task<ISidecar> AddAsync(SidecarPlace place, CancellationToken cancel)
    {
        IReadOnlyList<string> command = [_programs.Daprd, .. Flags(place)];
        // Otherwise daprd registers under the address of a network card.
        var environment = new Dictionary<string, string>
        {
            ["DAPR_HOST_IP"] = "127.0.0.1",
            ["DAPR_API_TOKEN"] = place.Entry.ApiToken ?? "",
            ["APP_API_TOKEN"] = place.Entry.AppToken ?? "",
        };
        var sidecar = new DaprdSidecar(place, () => DaprProcess.StartAsync(
            _launcher,
            $"daprd of '{place.Replica}'",
            command,
            place.Entry.Directory,
            environment,
            line => _logs.Write("sidecar", $"{place.Replica}: {line}", "sidecar." + place.Entry.AppId)));
        await sidecar.StartAsync();
        return sidecar;
    }

    public Task ConfigureAsync(string data, string key, string value, CancellationToken cancel) =>
        _redis?.ConfigureAsync(key, value)
            ?? throw new InvalidOperationException("The run has no Redis, and therefore no configuration store.");

    private List<string> Flags(SidecarPlace place)
    {
        var entry = place.Entry;
        List<string> flags =
        [
            "--app-id", entry.AppId, "--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", $"{place.HttpPort}", "--dapr-grpc-port",
            $"{place.GrpcPort}",
            "--dapr-internal-grpc-listen-address", "127.0.0.1", "--dapr-internal-grpc-port", $"{FreePorts.Next()}",
            "--placement-host-address", _plane!.Placement, "--scheduler-host-address", _plane.Scheduler,
            "--enable-metrics=false", "--log-as-json", "--log-level", entry.LogLevel, "--max-body-size", $"{entry.MaxBodySize}",
        ];
        if (place.AppPort is { } port)
            flags.AddRange(["--app-port", $"{port}", "--app-protocol", entry.AppProtocol, "--app-channel-address", "127.0.0.1"]);
        if (entry.MaxConcurrency > 0)
            flags.AddRange(["--app-max-concurrency", $"{entry.MaxConcurrency}"]);
        if (entry.ApiLogging)
            flags.Add("--enable-api-logging");
        if (entry.HealthCheck is { } health)
        {
            flags.AddRange(
            [
                "--enable-app-health-check",
                "--app-health-check-path", health.Path,
                "--app-health-probe-interval", $"{health.Interval.TotalSeconds:0}",
                "--app-health-probe-timeout", $"{health.Timeout.TotalMilliseconds:0}",
                "--app-health-threshold", $"{health.Threshold}",
            ]);
        }

        foreach (var path in entry.ResourcePaths)
            flags.AddRange(["--resources-path", _resources.Of(path, place.Data, _redis is null ? null : (_redis.Host, _redis.Database))]);
        // The later file wins where both speak of one thing.
        foreach (var file in new[] { entry.ConfigurationFile, NameResolution }.OfType<string>())
            flags.AddRange(["--config", file]);
        return flags;
    }

    private async Task WriteNameResolutionAsync(CancellationToken cancel)
    {
        // As in components/config.yaml, which says why: with the defaults a sidecar of a busy machine is not found now and then.
        var names = Path.Combine(_folder, "names.db");
        foreach (var old in Directory.EnumerateFiles(_folder, "names.db*"))
            File.Delete(old);
        await File.WriteAllTextAsync(NameResolution, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: name-resolution
            spec:
              nameResolution:
                component: sqlite
                version: v1
                configuration:
                  connectionString: '{{names.Replace("'", "''")}}'
                  updateInterval: 12s
                  timeout: 8s
            """, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_plane is not null)
            await _plane.DisposeAsync();
        if (_redis is not null)
            await _redis.DisposeAsync();
        _launcher.Dispose();
    }
}
