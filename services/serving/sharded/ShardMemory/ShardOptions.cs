using Microsoft.Extensions.Configuration;
using Samples.Defaults;

namespace Samples.ShardMemory;

/// <summary>How a shard remembers; every setting has an environment variable of the name in brackets.</summary>
public sealed record ShardOptions
{
    /// <summary>This replica's name, told with every answer [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>Where answers come from: an app id, asked by Dapr invocation, or an address [ORIGIN].</summary>
    public required string Origin { get; init; }

    /// <summary>How long the source may take for an answer [ORIGIN_TIMEOUT_SECONDS].</summary>
    public required TimeSpan OriginTimeout { get; init; }

    /// <summary>Bytes of memory for answers, bookkeeping included [CACHE_KIB, in kibibytes].</summary>
    public required long Bytes { get; init; }

    /// <summary>Whether experiments may empty the memory [FAULTS].</summary>
    public required bool Faults { get; init; }

    /// <summary>The Dapr configuration store [CONFIGURATION_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static ShardOptions From(IConfiguration configuration) => new()
    {
        Replica = configuration["SAMPLES_REPLICA"] is { Length: > 0 } name ? name : configuration["APP_ID"] ?? Environment.MachineName,
        Origin = configuration["ORIGIN"] is { Length: > 0 } origin ? origin : "origin",
        OriginTimeout = configuration.Seconds("ORIGIN_TIMEOUT_SECONDS", 10, least: 0.1, most: 600),
        Bytes = configuration.Whole("CACHE_KIB", 64 * 1024, least: 1, most: 1_000_000_000) * 1024L,
        Faults = configuration["FAULTS"] == "true",
        ConfigurationStore = configuration["CONFIGURATION_STORE"] ?? "configstore",
    };
}
