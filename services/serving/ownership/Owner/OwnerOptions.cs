using Samples.Defaults;

namespace Samples.Owner;

/// <summary>How ownership behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record OwnerOptions
{
    /// <summary>How long ownership lasts without renewal [TTL_SECONDS].</summary>
    public required TimeSpan Ttl { get; init; }

    /// <summary>How long a piece of the owner's work takes, from the look at the lease to the write in the ledger [WORK_SECONDS].</summary>
    public required TimeSpan Work { get; init; }

    /// <summary>Name of the state store [STATE_STORE].</summary>
    public required string StateStore { get; init; }

    /// <summary>Name of the lock store [LOCK_STORE].</summary>
    public required string LockStore { get; init; }

    /// <summary>App id of the ledger [LEDGER_APP_ID].</summary>
    public required string Ledger { get; init; }

    /// <summary>This replica's name [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>Where this replica's history is kept [SAMPLES_DATA].</summary>
    public required string Data { get; init; }

    /// <summary>An owner renews three times within a lease: two renewals may fail before it ends.</summary>
    public TimeSpan Renewal => Ttl / 3;

    /// <summary>
    /// A candidate looks more often than an owner renews, so that it sees a renewal (or the lack of one) well within a period.
    /// </summary>
    public TimeSpan Look => Renewal / 2;

    /// <summary>What an owner believes to have: a little less than the others grant it, for clocks that don't run equally fast.</summary>
    public TimeSpan Belief => Ttl * 0.9;

    /// <summary>Reads and checks the settings.</summary>
    public static OwnerOptions From(IConfiguration configuration) => new()
    {
        Ttl = configuration.Seconds("TTL_SECONDS", 2, least: 1, most: 3600),
        Work = configuration.Seconds("WORK_SECONDS", 0.05, least: 0.001, most: 60),
        StateStore = configuration["STATE_STORE"] ?? "statestore",
        LockStore = configuration["LOCK_STORE"] ?? "lockstore",
        Ledger = configuration["LEDGER_APP_ID"] ?? "ledger",
        Replica = configuration["SAMPLES_REPLICA"] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
        Data = configuration["SAMPLES_DATA"] ?? ".samples/ownership",
    };
}
