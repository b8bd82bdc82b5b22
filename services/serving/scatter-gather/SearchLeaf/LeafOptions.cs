using Samples.Defaults;

namespace Samples.SearchLeaf;

/// <summary>Who this leaf is; every setting has an environment variable of the name in brackets.</summary>
public sealed record LeafOptions
{
    /// <summary>This leaf's number, from 1 [LEAF].</summary>
    public required int Leaf { get; init; }

    /// <summary>
    /// Into how many partitions the index is cut: the most leaves that can share it. Root and leaves must agree [PARTITIONS].
    /// </summary>
    public required int Partitions { get; init; }

    /// <summary>A folder of text and markdown files; the .NET API documentation where it is not set [SAMPLES_FOLDER].</summary>
    public string? Documents { get; init; }

    /// <summary>Where the index is kept: replicas on one machine share it [SAMPLES_DATA].</summary>
    public required string Data { get; init; }

    /// <summary>Whether this leaf can be slowed down on request, which only an experiment needs [FAULTS].</summary>
    public required bool Faults { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static LeafOptions From(IConfiguration configuration)
    {
        var partitions = configuration.Whole("PARTITIONS", 4, 1, 1024);
        return new LeafOptions
        {
            Leaf = configuration.Whole("LEAF", 1, 1, partitions),
            Partitions = partitions,
            Documents = configuration["SAMPLES_FOLDER"],
            Data = configuration["SAMPLES_DATA"] ?? ".samples/scatter-gather",
            Faults = configuration["FAULTS"] == "true",
        };
    }
}
