using Samples.Announcing;
using Samples.Defaults;

namespace Samples.Cache;

/// <summary>How the cache behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record CacheOptions
{
    /// <summary>Its app id, which its configuration keys begin with [APP_ID].</summary>
    public required string Name { get; init; }

    /// <summary>This replica's name [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>Where answers come from: an app id, asked by Dapr invocation, or an address [ORIGIN].</summary>
    public required string Origin { get; init; }

    /// <summary>Bytes of memory for stored answers, headers and bookkeeping included [CACHE_MIB, in mebibytes].</summary>
    public required long Bytes { get; init; }

    /// <summary>The largest answer that is stored; larger ones are passed through [CACHE_OBJECT_KIB, in kibibytes].</summary>
    public required int LargestObject { get; init; }

    /// <summary>How long the origin may be silent [ORIGIN_TIMEOUT_SECONDS].</summary>
    public required TimeSpan Silence { get; init; }

    /// <summary>The Dapr configuration store [CONFIGURATION_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static CacheOptions From(IConfiguration configuration)
    {
        var mebibytes = configuration.Whole("CACHE_MIB", 64, least: 1, most: 1_000_000);
        return new()
        {
            Name = configuration["APP_ID"] ?? "cache",
            Replica = ReplicaName.Of(configuration),
            Origin = configuration["ORIGIN"] is { Length: > 0 } origin
                ? origin
                : throw new WrongSettingException(
                    "ORIGIN is missing; give the app id of the service to cache, or an address such as http://dictionary:8080."),
            Bytes = mebibytes * 1024L * 1024,
            LargestObject = configuration.Whole("CACHE_OBJECT_KIB", 1024, least: 1, most: Math.Min(mebibytes, 1000) * 1024) * 1024,
            Silence = configuration.Seconds("ORIGIN_TIMEOUT_SECONDS", 30, least: 0.1, most: 3600),
            ConfigurationStore = configuration["CONFIGURATION_STORE"] ?? "configstore",
        };
    }
}
