using Samples.Cli.RunTemplate;
using Samples.Runtime;
using Samples.Runtime.Apps;
using Samples.Runtime.Resources;

namespace Samples.Cli.DropIn;

/// <summary>What the flags, the environment and the configuration of a drop-in sidecar come to.</summary>
/// <param name="Sidecar">The sidecar.</param>
/// <param name="MembersFile">The file through which it finds those of other processes.</param>
/// <param name="Grace">How long what is under way may take at the end.</param>
/// <param name="BlockAtEnd">How long it goes on after it was asked to end; null for not at all.</param>
internal sealed record DropInOptions(SidecarOptions Sidecar, string MembersFile, TimeSpan Grace, TimeSpan? BlockAtEnd)
{
    /// <summary>Names the file that sidecars share, before every configuration.</summary>
    public const string FileVariable = "SAMPLES_SIDECARS";

    private static readonly string[] Loopback = ["127.0.0.1", "localhost", "::1", "[::1]", "0.0.0.0"];

    /// <summary>Throws <see cref="FormatException"/> and <see cref="ResourceException"/>.</summary>
    public static DropInOptions Read(DaprdFlags flags)
    {
        if (flags.Text("app-id") is not { Length: > 0 } appId)
            throw new FormatException("parameter app-id cannot be empty");
        if (flags.Text("mode") is not ("standalone" or ""))
            throw new FormatException($"mode '{flags.Text("mode")}' needs a real daprd; this is the embedded runtime of one machine");
        if (flags.Text("app-channel-address") is { Length: > 0 } address && !Loopback.Contains(address))
            throw new FormatException(
                $"app-channel-address '{address}': the embedded runtime reaches applications of this machine only");
        var folder = Environment.CurrentDirectory;
        var configurations = flags.Texts("config");
        var file = Path.GetFullPath(MembersOf(configurations, folder));
        var data = Path.GetDirectoryName(file)!;
        var sidecar = new SidecarOptions(appId)
        {
            AppPort = flags.Port("app-port"),
            AppProtocol = flags.Is("app-ssl") ? "https" : flags.Text("app-protocol") is { Length: > 0 } protocol ? protocol : "http",
            HttpPort = flags.Port("dapr-http-port") ?? 0,
            GrpcPort = flags.Port("dapr-grpc-port") ?? 0,
            InternalPort = flags.Port("dapr-internal-grpc-port") ?? 0,
            // The default is one port for all sidecars of a machine: only one that was asked for is taken.
            MetricsPort = flags.Is("enable-metrics") && flags.IsGiven("metrics-port") ? flags.Port("metrics-port") : null,
            ResourcePaths = [.. flags.Texts("resources-path"), .. flags.Texts("components-path")],
            MoreConfigurationFiles = configurations,
            AppHealthCheck = flags.Is("enable-app-health-check") ? HealthCheck(flags) : null,
            Variables = new Dictionary<string, string> { ["dataDir"] = data },
            BaseDirectory = folder,
            DataDirectory = data,
            ApiToken = Variable("DAPR_API_TOKEN"),
            AppToken = Variable("APP_API_TOKEN"),
            MaxConcurrency = Math.Max(0, flags.Number("app-max-concurrency")),
            MaxBodySize = Quantity.Read(flags.Text("max-body-size"))
                ?? throw new FormatException($"invalid max-body-size '{flags.Text("max-body-size")}'"),
            ApiLogging = flags.Is("enable-api-logging"),
        };
        return new DropInOptions(
            sidecar, file, TimeSpan.FromSeconds(flags.Number("dapr-graceful-shutdown-seconds")),
            flags.Duration("dapr-block-shutdown-duration"));
    }

    private static AppHealthCheck HealthCheck(DaprdFlags flags) => new()
    {
        Path = "/" + flags.Text("app-health-check-path").TrimStart('/'),
        Interval = TimeSpan.FromSeconds(Math.Max(1, flags.Number("app-health-probe-interval"))),
        Timeout = TimeSpan.FromMilliseconds(Math.Max(1, flags.Number("app-health-probe-timeout"))),
        Threshold = Math.Max(1, flags.Number("app-health-threshold")),
    };

    // Who shares names as configured shares everything else.
    private static string MembersOf(IReadOnlyList<string> configurations, string folder) =>
        Variable(FileVariable)
        ?? (ConfigurationReader.ReadFiles([.. configurations.Select(c => Path.GetFullPath(c, folder))]).NamesFile is { } names
            ? Path.GetFullPath(names, folder)
            : DefaultFile);

    /// <summary>Where the file is that nobody names.</summary>
    public static string DefaultFile =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".samples", "sidecars.db");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
