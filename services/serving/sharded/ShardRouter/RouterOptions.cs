using Samples.Defaults;
using Samples.ShardRouter.Ring;

namespace Samples.ShardRouter;

/// <summary>How the router behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record RouterOptions
{
    /// <summary>Its app id, which its configuration keys begin with [APP_ID].</summary>
    public required string Name { get; init; }

    /// <summary>This replica's name [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>
    /// What the ring is made of, until configuration says otherwise [SHARDS, such as <c>1: cache-shard-1-a, cache-shard-1-b; 2: …</c>;
    /// POINTS, BOUND, COPIES].
    /// </summary>
    public required RingSettings Ring { get; init; }

    /// <summary>The store behind the shards: an app id or an address [ORIGIN].</summary>
    public required string Origin { get; init; }

    /// <summary>The query parameters that matter; empty where all do [KEY_PARAMETERS, separated by commas].</summary>
    public required IReadOnlyList<string> KeyParameters { get; init; }

    /// <summary>
    /// How long the first replica that is asked may take, until another one is: longer than the origin needs for an answer
    /// [SHARD_TIMEOUT_MS].
    /// </summary>
    public required TimeSpan ShardTimeout { get; init; }

    /// <summary>How long the origin may take [ORIGIN_TIMEOUT_SECONDS].</summary>
    public required TimeSpan OriginTimeout { get; init; }

    /// <summary>A key is hot when it is this share of the recent requests of this router [HOT_SHARE].</summary>
    public required double HotShare { get; init; }

    /// <summary>How long after a change of the ring a key's new shard asks its former one before the origin [HANDOVER_SECONDS].</summary>
    public required TimeSpan Handover { get; init; }

    /// <summary>The Dapr configuration store [CONFIGURATION_STORE].</summary>
    public required string ConfigurationStore { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static RouterOptions From(IConfiguration configuration)
    {
        var name = configuration["APP_ID"] is { Length: > 0 } id ? id : "shard-router";
        return new()
        {
            Name = name,
            Replica = configuration["SAMPLES_REPLICA"] is { Length: > 0 } replica ? replica : name,
            Ring = new RingSettings
            {
                Shards = ShardList.Parse("SHARDS", configuration["SHARDS"] ?? "1: cache-shard"),
                Points = configuration.Whole("POINTS", Hashing.HashRing.DefaultPoints, least: 1, most: RingSettings.MostPoints),
                Bound = configuration.Number("BOUND", 1.25, least: 1, most: double.PositiveInfinity),
            },
            Origin = configuration["ORIGIN"] is { Length: > 0 } origin ? origin : "origin",
            KeyParameters = (configuration["KEY_PARAMETERS"] ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            ShardTimeout = TimeSpan.FromMilliseconds(configuration.Number("SHARD_TIMEOUT_MS", 1000, least: 10, most: 60_000)),
            OriginTimeout = configuration.Seconds("ORIGIN_TIMEOUT_SECONDS", 10, least: 0.1, most: 600),
            HotShare = configuration.Number("HOT_SHARE", 0.05, least: 0.0001, most: 1),
            Handover = configuration.Seconds("HANDOVER_SECONDS", 60, least: 0, most: 86_400),
            ConfigurationStore = configuration["CONFIGURATION_STORE"] ?? "configstore",
        };
    }
}
