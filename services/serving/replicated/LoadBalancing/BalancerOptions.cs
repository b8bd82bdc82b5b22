using System.Net;
using Samples.Defaults;

namespace Samples.LoadBalancing;

/// <summary>How the load balancer behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record BalancerOptions
{
    /// <summary>Its app id, which its configuration keys begin with [APP_ID].</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Addresses of replicas, separated by commas; a host name stands for all addresses that it leads to. Empty where replicas announce
    /// themselves [REPLICAS].
    /// </summary>
    public required IReadOnlyList<Uri> Replicas { get; init; }

    /// <summary>Networks in which an announced replica may live [REPLICA_NETWORKS].</summary>
    public required IReadOnlyList<IPNetwork> ReplicaNetworks { get; init; }

    /// <summary>How often replicas are asked whether they are ready, and how long they may take to say so [PROBE_SECONDS].</summary>
    public required TimeSpan Probe { get; init; }

    /// <summary>How long a replica may be silent in the middle of a request [REPLICA_TIMEOUT_SECONDS].</summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>Who gets the next request, until configuration says otherwise [BALANCE].</summary>
    public required string Balance { get; init; }

    /// <summary>What ties a client to a replica, until configuration says otherwise [AFFINITY].</summary>
    public required string Affinity { get; init; }

    /// <summary>Networks of proxies before this one, whose <c>X-Forwarded-For</c> is believed [TRUSTED_PROXIES].</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    /// <summary>The Dapr configuration store [CONFIGURATION_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static BalancerOptions From(IConfiguration configuration) => new()
    {
        Name = configuration["APP_ID"] ?? "balancer",
        Replicas = [.. Words(configuration["REPLICAS"]).Select(ReplicaAddress)],
        ReplicaNetworks = Networks(configuration, "REPLICA_NETWORKS", "127.0.0.0/8, ::1/128"),
        Probe = configuration.Seconds("PROBE_SECONDS", 0.25, least: 0.05, most: 60),
        Silence = configuration.Seconds("REPLICA_TIMEOUT_SECONDS", 15, least: 0.1, most: 3600),
        Balance = LiveSettings.Checked("BALANCE", configuration["BALANCE"], LiveSettings.Balances),
        Affinity = LiveSettings.Checked("AFFINITY", configuration["AFFINITY"], LiveSettings.Affinities),
        TrustedProxies = Networks(configuration, "TRUSTED_PROXIES", ""),
        ConfigurationStore = configuration["CONFIGURATION_STORE"] ?? "configstore",
    };

    private static string[] Words(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static Uri ReplicaAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttp && address.PathAndQuery == "/"
            ? address
            : throw new WrongSettingException(
                $"REPLICAS has '{text}'; give addresses such as http://dictionary:8080, separated by commas.");

    private static IReadOnlyList<IPNetwork> Networks(IConfiguration configuration, string name, string otherwise) =>
        [.. Words(configuration[name] ?? otherwise).Select(text => IPNetwork.TryParse(text, out var network)
            ? network
            : throw new WrongSettingException($"{name} has '{text}'; give networks such as 10.0.0.0/8, separated by commas."))];
}
