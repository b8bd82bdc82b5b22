namespace Samples.Ledger;

/// <summary>Which store the ledger is kept in.</summary>
/// <param name="StateStore">The component's name [STATE_STORE].</param>
public sealed record LedgerOptions(string StateStore)
{
    /// <summary>Reads the settings.</summary>
    public static LedgerOptions From(IConfiguration configuration) => new(configuration["STATE_STORE"] ?? "statestore");
}

/// <summary>
/// The rule: a write with a lower term than one that was accepted comes from somebody who is not the owner any more. It can be switched
/// off to see what happens without it.
/// </summary>
public sealed class Fencing
{
    /// <summary>Off only in experiments.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>True where a write of this term must be refused.</summary>
    public bool Refuses(long term, LedgerHead head) => Enabled && term < head.HighestTerm;
}
