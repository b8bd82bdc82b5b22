using System.Globalization;
using Samples.Runtime.Resources;

namespace Samples.Cli.DropIn;

/// <summary>What a flag of daprd takes.</summary>
internal enum FlagKind
{
    /// <summary>A text, also a number.</summary>
    Text,

    /// <summary>Texts: given several times, or with commas.</summary>
    Texts,

    /// <summary>On where it stands alone.</summary>
    Switch,
}

/// <summary>A flag of daprd 1.18.</summary>
/// <param name="Name">Without dashes.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Default">Where it is absent.</param>
/// <param name="About">For the help; null where it says nothing here: then it is accepted, and that is logged once.</param>
internal sealed record DaprdFlag(string Name, FlagKind Kind, string Default, string? About);

/// <summary>
/// daprd's command line, as its flag library reads it: one dash or two, <c>--name value</c> or <c>--name=value</c>, a switch
/// without a value.
/// </summary>
internal sealed class DaprdFlags
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<DaprdFlag> Known { get; } =
    [
        new("actors-disseminate-timeout", FlagKind.Text, "", null),
        new("allowed-origins", FlagKind.Text, "", null),
        new("app-binding-options-timeout", FlagKind.Text, "", null),
        new("app-channel-address", FlagKind.Text, "127.0.0.1", "the application's address: this machine's loopback"),
        new("app-health-check-path", FlagKind.Text, "/healthz", "path of health checks; HTTP only"),
        new("app-health-probe-interval", FlagKind.Text, "5", "seconds between two health checks"),
        new("app-health-probe-timeout", FlagKind.Text, "500", "milliseconds that a health check may take"),
        new("app-health-threshold", FlagKind.Text, "3", "failures in a row that make the application unhealthy"),
        new("app-id", FlagKind.Text, "", "the application's id"),
        new("app-max-concurrency", FlagKind.Text, "-1", "most requests in the application at once"),
        new("app-port", FlagKind.Text, "", "where the application listens"),
        new("app-protocol", FlagKind.Text, "http", "http or grpc"),
        new("app-ssl", FlagKind.Switch, "", null),
        new("build-info", FlagKind.Switch, "", "prints what this is"),
        new("components-path", FlagKind.Texts, "", "as --resources-path"),
        new("config", FlagKind.Texts, "", "files with a Configuration; a later one goes before an earlier"),
        new("control-plane-address", FlagKind.Text, "", null),
        new("control-plane-namespace", FlagKind.Text, "", null),
        new("control-plane-trust-domain", FlagKind.Text, "", null),
        new("dapr-block-shutdown-duration", FlagKind.Text, "", "go on after SIGTERM so long, or until the application is unhealthy"),
        new("dapr-graceful-shutdown-seconds", FlagKind.Text, "5", "how long what is under way may take to end"),
        new("dapr-grpc-port", FlagKind.Text, "50001", "port of the gRPC API"),
        new("dapr-http-port", FlagKind.Text, "3500", "port of the HTTP API"),
        new("dapr-internal-grpc-listen-address", FlagKind.Text, "", null),
        new("dapr-internal-grpc-port", FlagKind.Text, "0", "port for other sidecars"),
        new("dapr-listen-addresses", FlagKind.Text, "", null),
        new("dapr-public-listen-address", FlagKind.Text, "", null),
        new("dapr-public-port", FlagKind.Text, "", null),
        new("disable-builtin-k8s-secret-store", FlagKind.Switch, "", null),
        new("disable-init-endpoints", FlagKind.Texts, "", null),
        new("enable-api-logging", FlagKind.Switch, "", "log every call of the API"),
        new("enable-app-health-check", FlagKind.Switch, "", "ask the application whether it is healthy"),
        new("enable-metrics", FlagKind.Switch, "true", "serve metrics on a port of their own"),
        new("enable-mtls", FlagKind.Switch, "", null),
        new("enable-profiling", FlagKind.Switch, "", null),
        new("hot-reload-reconcile-interval", FlagKind.Text, "", null),
        new("log-as-json", FlagKind.Switch, "", "a JSON object a line"),
        new("log-file", FlagKind.Text, "", "a file that gets the lines, too"),
        new("log-level", FlagKind.Text, "info", "debug, info, warn, error or fatal"),
        new("max-body-size", FlagKind.Text, "4Mi", "largest request body"),
        new("metrics-listen-address", FlagKind.Text, "", null),
        new("metrics-port", FlagKind.Text, "9090", "port of the metrics"),
        new("mode", FlagKind.Text, "standalone", "standalone"),
        new("placement-host-address", FlagKind.Text, "", null),
        new("profile-port", FlagKind.Text, "", null),
        new("read-buffer-size", FlagKind.Text, "", null),
        new("resources-path", FlagKind.Texts, "", "folders with resources"),
        new("scheduler-host-address", FlagKind.Texts, "", null),
        new("scheduler-job-streams", FlagKind.Text, "", null),
        new("sentry-address", FlagKind.Text, "", null),
        new("sentry-request-jwt-audiences", FlagKind.Texts, "", null),
        new("unix-domain-socket", FlagKind.Text, "", null),
        new("version", FlagKind.Switch, "", "prints the version of Dapr that this behaves as"),
        new("wait", FlagKind.Switch, "", "wait until the sidecar on --dapr-http-port answers"),
    ];

    private readonly Dictionary<string, List<string>> _given = new(StringComparer.Ordinal);

    private DaprdFlags()
    {
    }

    /// <summary>Reads the command line. Throws <see cref="FormatException"/> with the words of daprd's flag library.</summary>
    public static DaprdFlags Parse(IReadOnlyList<string> arguments)
    {
        var flags = new DaprdFlags();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (argument == "--")
                break;
            // What is no flag says nothing to daprd.
            if (argument.Length < 2 || argument[0] != '-')
                continue;
            var parts = argument.TrimStart('-').Split('=', 2);
            var flag = Known.FirstOrDefault(f => f.Name == parts[0]) ?? throw new FormatException($"unknown flag: --{parts[0]}");
            var value = parts.Length == 2 ? parts[1]
                : flag.Kind == FlagKind.Switch ? "true"
                : i + 1 < arguments.Count ? arguments[++i]
                : throw new FormatException($"flag needs an argument: --{flag.Name}");
            if (flag.Kind == FlagKind.Switch && !bool.TryParse(value, out _))
                throw new FormatException($"invalid argument \"{value}\" for \"--{flag.Name}\" flag: strconv.ParseBool: invalid syntax");
            var values = flags._given.TryGetValue(flag.Name, out var known) ? known : flags._given[flag.Name] = [];
            values.AddRange(flag.Kind == FlagKind.Texts ? value.Split(',', StringSplitOptions.RemoveEmptyEntries) : [value]);
        }

        return flags;
    }

    /// <summary>Those that stand there and say nothing here.</summary>
    public IEnumerable<string> WithoutMeaning =>
        Known.Where(f => f.About is null && _given.GetValueOrDefault(f.Name) is [.., not ("" or "false")]).Select(f => f.Name);

    public bool IsGiven(string name) => _given.ContainsKey(name);

    /// <summary>The last value that was given, else the default.</summary>
    public string Text(string name) => _given.GetValueOrDefault(name)?.LastOrDefault() ?? Known.First(f => f.Name == name).Default;

    public IReadOnlyList<string> Texts(string name) => _given.GetValueOrDefault(name, []);

    public bool Is(string name) => bool.TryParse(Text(name), out var on) && on;

    /// <summary>A whole number; throws <see cref="FormatException"/>.</summary>
    public int Number(string name) => Text(name) is { Length: > 0 } text
        ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"invalid argument \"{text}\" for \"--{name}\" flag: strconv.ParseInt: invalid syntax")
        : 0;

    /// <summary>A port; null for none (empty, or not above zero). Throws <see cref="FormatException"/>.</summary>
    public int? Port(string name) => Number(name) switch
    {
        <= 0 => null,
        > 65535 => throw new FormatException($"invalid argument \"{Text(name)}\" for \"--{name}\" flag: not a port"),
        var port => port,
    };

    /// <summary>A duration; null for none. Throws <see cref="FormatException"/>.</summary>
    public TimeSpan? Duration(string name) => Text(name) is { Length: > 0 } text and not "0" and not "0s" ? GoDuration.Parse(text) : null;

    /// <summary>The list that <c>--help</c> shows.</summary>
    public static string Usage => "Usage of daprd:\n" + string.Concat(Known.Select(Line));

    private static string Line(DaprdFlag flag)
    {
        var otherwise = flag.Default is "" or "0" ? "" : $" (default {flag.Default})";
        return $"      --{flag.Name,-38} {flag.About ?? "accepted, and without a meaning here"}{otherwise}\n";
    }
}
