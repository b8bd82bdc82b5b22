using Samples.Defaults;

namespace Samples.Origin;

/// <summary>How the store behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record OriginOptions
{
    /// <summary>A folder of documents in the place of the .NET API documentation; null for that [SAMPLES_FOLDER].</summary>
    public string? Folder { get; init; }

    /// <summary>How slow it is: what each answer takes at least [COST_MS, in milliseconds].</summary>
    public required TimeSpan Cost { get; init; }

    /// <summary>
    /// How long a shard may tell what it remembers without asking again; a write waits for one that is silent as long [LEASE_SECONDS].
    /// </summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>The Dapr state store that edits are kept in [STATE_STORE].</summary>
    public required string StateStore { get; init; }

    /// <summary>Whether the cost may be set while it runs, for experiments [FAULTS].</summary>
    public required bool Faults { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static OriginOptions From(IConfiguration configuration) => new()
    {
        Folder = configuration["SAMPLES_FOLDER"],
        Cost = TimeSpan.FromMilliseconds(configuration.Number("COST_MS", 20, least: 0, most: Samples.Origin.Cost.MostMs)),
        Lease = configuration.Seconds("LEASE_SECONDS", 2, least: 0.5, most: 60),
        StateStore = configuration["STATE_STORE"] ?? "statestore",
        Faults = configuration["FAULTS"] == "true",
    };
}
