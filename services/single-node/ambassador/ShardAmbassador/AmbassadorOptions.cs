using System.Text;
using Samples.Defaults;
using Samples.ShardAmbassador.Resp;
using Samples.ShardAmbassador.Ring;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador;

/// <summary>
/// How the ambassador behaves; every setting has an environment variable of the name in brackets. Defaults are for loopback and tests'
/// patience.
/// </summary>
internal sealed record AmbassadorOptions
{
    /// <summary>Where applications connect, on loopback; 0 takes a free port [RESP_PORT].</summary>
    public required int Port { get; init; }

    /// <summary>The servers [SHARDS].</summary>
    public required IReadOnlyList<ShardEntry> Shards { get; init; }

    /// <summary>ketama, modula or random [DISTRIBUTION]; the configuration key <c>shards.distribution</c> changes it live.</summary>
    public required string Distribution { get; init; }

    /// <summary>Two characters, or nothing for no tags [HASH_TAG].</summary>
    public required byte[] HashTag { get; init; }

    /// <summary>Timeout and ejection [SHARD_TIMEOUT_MS, AUTO_EJECT, FAILURE_LIMIT, RETRY_SECONDS].</summary>
    public required ShardSettings Servers { get; init; }

    /// <summary>Clients at the same time [MAX_CLIENTS].</summary>
    public required int MostClients { get; init; }

    /// <summary>Name of the Dapr configuration store [CONFIG_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static AmbassadorOptions From(IConfiguration configuration)
    {
        var distribution = configuration["DISTRIBUTION"] ?? "ketama";
        if (Distributions.Create(distribution, [new ShardServer("x")], _ => true, Random.Shared) is null)
            throw new WrongSettingException($"DISTRIBUTION is '{distribution}'; choose one of {Distributions.Names}.");
        var tag = configuration["HASH_TAG"] ?? "{}";
        if (tag.Length is not (0 or 2) || tag.Any(c => !char.IsAscii(c)))
            throw new WrongSettingException($"HASH_TAG is '{tag}'; give two characters such as {{}}, or nothing.");
        var limits = new RespLimits(Bytes: configuration.Whole("MAX_COMMAND_MB", 64, 1, 512) * 1024 * 1024);
        return new AmbassadorOptions
        {
            Port = OwnPort.From(configuration, "RESP_PORT", 6500),
            Shards = ShardEntry.ParseList(
                configuration["SHARDS"] ?? throw new WrongSettingException($"SHARDS is not set; {ShardEntry.Form}")),
            Distribution = distribution,
            HashTag = Encoding.ASCII.GetBytes(tag),
            Servers = new ShardSettings(
                TimeSpan.FromMilliseconds(configuration.Number("SHARD_TIMEOUT_MS", 1000, 10, 60_000)),
                configuration["AUTO_EJECT"] != "false",
                configuration.Whole("FAILURE_LIMIT", 2, 1, 1000),
                configuration.Seconds("RETRY_SECONDS", 30, 0.1, 86_400),
                limits),
            MostClients = configuration.Whole("MAX_CLIENTS", 10_000, 1, 100_000),
            ConfigurationStore = configuration["CONFIG_STORE"] ?? "configstore",
        };
    }
}
