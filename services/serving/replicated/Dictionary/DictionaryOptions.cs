using Samples.Announcing;
using Samples.Defaults;

namespace Samples.Dictionary;

/// <summary>How the dictionary behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record DictionaryOptions
{
    /// <summary>A folder of documents in the place of the .NET API documentation; null for that [SAMPLES_FOLDER].</summary>
    public string? Folder { get; init; }

    /// <summary>This replica's name, told with every answer [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>How long an answer stays fresh in caches [MAX_AGE_SECONDS].</summary>
    public required int MaxAge { get; init; }

    /// <summary>How long after that a cache may serve it while it asks again, and where nobody answers [STALE_SECONDS].</summary>
    public required int Stale { get; init; }

    /// <summary>Whether <c>?delayMs=</c> makes an answer slow, for experiments [FAULTS].</summary>
    public required bool Faults { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static DictionaryOptions From(IConfiguration configuration) => new()
    {
        Folder = configuration["SAMPLES_FOLDER"],
        Replica = ReplicaName.Of(configuration),
        MaxAge = configuration.Whole("MAX_AGE_SECONDS", 60, least: 0, most: 31_536_000),
        Stale = configuration.Whole("STALE_SECONDS", 300, least: 0, most: 31_536_000),
        Faults = configuration["FAULTS"] == "true",
    };
}
