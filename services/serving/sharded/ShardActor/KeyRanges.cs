using Samples.Defaults;
using Samples.Hashing;

namespace Samples.ShardActor;

/// <summary>
/// Into how many ranges the circle of hashes is cut. Their number never changes while there is anything to keep; which replica has a range
/// is Dapr's business. More ranges spread more evenly, and each costs an actor.
/// </summary>
/// <param name="Count">How many [RANGES].</param>
public sealed record KeyRanges(int Count)
{
    /// <summary>Reads and checks the setting.</summary>
    public static KeyRanges From(IConfiguration configuration) => new(configuration.Whole("RANGES", 64, least: 1, most: 65_536));

    /// <summary>The actor that has a key.</summary>
    public string Of(string key) => $"range-{(int)((UInt128)HashRing.Hash(key) * (uint)Count >> 64)}";
}
