using System.Globalization;
using Samples.Defaults;

namespace Samples.ExperimentAmbassador;

/// <summary>What makes requests belong to one client.</summary>
public enum ClientBy
{
    /// <summary>A cookie, which the ambassador sets where there is none.</summary>
    Cookie,

    /// <summary>A header that something in front sets; the address where it is missing.</summary>
    Header,

    /// <summary>The address of the connection.</summary>
    Address,
}

/// <summary>How the ambassador behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record ExperimentOptions
{
    /// <summary>Name of the experiment: another name deals the clients anew [EXPERIMENT].</summary>
    public required string Name { get; init; }

    /// <summary>App id, or an <c>http://</c> address for a service without a sidecar [PRODUCTION].</summary>
    public required string Production { get; init; }

    /// <summary>App id or address [EXPERIMENT_ARM].</summary>
    public required string Experiment { get; init; }

    /// <summary>Weights until the configuration key <c>experiment.weights</c> says otherwise [WEIGHTS].</summary>
    public required Split Split { get; init; }

    /// <summary>cookie, header or address [CLIENT_BY].</summary>
    public required ClientBy ClientBy { get; init; }

    /// <summary>Name of the cookie or header [CLIENT_NAME].</summary>
    public required string ClientName { get; init; }

    /// <summary>
    /// How long the experiment may take to begin its answer before production answers in its place [EXPERIMENT_TIMEOUT_MS].
    /// </summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>
    /// How long an answer of either arm may pause, a streaming or upgraded one (WebSocket) too, and how long production may take to begin
    /// one [SILENCE_SECONDS].
    /// </summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>Name of the Dapr configuration store [CONFIG_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static ExperimentOptions From(IConfiguration configuration)
    {
        var weights = configuration["WEIGHTS"] ?? "90/10";
        var by = configuration["CLIENT_BY"] ?? "cookie";
        var timeout = configuration["EXPERIMENT_TIMEOUT_MS"] ?? "1000";
        return new ExperimentOptions
        {
            Name = configuration["EXPERIMENT"] ?? "experiment",
            Production = configuration["PRODUCTION"] ?? "web",
            Experiment = configuration["EXPERIMENT_ARM"] ?? "web-experiment",
            Split = Split.Parse(weights, SplitMode.Split) ?? throw new WrongSettingException($"WEIGHTS is '{weights}'; {Split.Form}"),
            ClientBy = Enum.TryParse<ClientBy>(by, ignoreCase: true, out var value) && Enum.IsDefined(value)
                ? value : throw new WrongSettingException($"CLIENT_BY is '{by}'; choose cookie, header or address."),
            ClientName = configuration["CLIENT_NAME"] ?? (value == ClientBy.Header ? "X-Client-Id" : "ambassador-client"),
            Timeout = int.TryParse(timeout, CultureInfo.InvariantCulture, out var ms) && ms is >= 10 and <= 60_000
                ? TimeSpan.FromMilliseconds(ms)
                : throw new WrongSettingException($"EXPERIMENT_TIMEOUT_MS is '{timeout}'; give 10 to 60000."),
            Silence = configuration.Seconds("SILENCE_SECONDS", 100, 0.1, 86_400),
            ConfigurationStore = configuration["CONFIG_STORE"] ?? "configstore",
        };
    }
}
