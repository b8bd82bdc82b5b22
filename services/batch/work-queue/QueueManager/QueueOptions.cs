using Samples.Defaults;

namespace Samples.QueueManager;

/// <summary>How the queue behaves; every setting has an environment variable of the name in brackets.</summary>
public sealed record QueueOptions
{
    /// <summary>App id of the source of items [SOURCE_APP_ID].</summary>
    public required string Source { get; init; }

    /// <summary>Name of the state store [STATE_STORE].</summary>
    public required string Store { get; init; }

    /// <summary>How long a worker has an item before it must say that it still works on it [LEASE_SECONDS].</summary>
    public required TimeSpan Lease { get; init; }

    /// <summary>Failures of its worker program before an item is a dead letter [MAX_FAILURES].</summary>
    public required int MaxFailures { get; init; }

    /// <summary>Workers that may fall silent with an item before it is a dead letter: it may be what kills them [MAX_LOSSES].</summary>
    public required int MaxLosses { get; init; }

    /// <summary>Wait before the second try; it doubles with each further one [BACKOFF_SECONDS].</summary>
    public required TimeSpan BackOff { get; init; }

    /// <summary>How often the source is asked for new items, and the period of scaling [PERIOD_SECONDS].</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>In what time a backlog shall be worked off: the shorter, the more workers [WORK_OFF_SECONDS].</summary>
    public required TimeSpan WorkOff { get; init; }

    /// <summary>How long the active manager may be silent before the other one takes over [LEADER_SECONDS].</summary>
    public required TimeSpan Leadership { get; init; }

    /// <summary>Fewest and most workers to ask for [MIN_WORKERS, MAX_WORKERS].</summary>
    public required (int Min, int Max) Workers { get; init; }

    /// <summary>This replica's name in the record of leadership [SAMPLES_REPLICA].</summary>
    public required string Replica { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static QueueOptions From(IConfiguration configuration) => new()
    {
        Source = configuration["SOURCE_APP_ID"] ?? "source-files",
        Store = configuration["STATE_STORE"] ?? "statestore",
        Lease = configuration.Seconds("LEASE_SECONDS", 10, 0.5, 3600),
        MaxFailures = configuration.Whole("MAX_FAILURES", 5, 1, 1000),
        MaxLosses = configuration.Whole("MAX_LOSSES", 20, 1, 1000),
        BackOff = configuration.Seconds("BACKOFF_SECONDS", 0.5, 0, 3600),
        Period = configuration.Seconds("PERIOD_SECONDS", 1, 0.1, 3600),
        WorkOff = configuration.Seconds("WORK_OFF_SECONDS", 20, 1, 86_400),
        Leadership = configuration.Seconds("LEADER_SECONDS", 3, 0.5, 300),
        Workers = Limits(configuration.Whole("MIN_WORKERS", 1, 0, 1000), configuration.Whole("MAX_WORKERS", 4, 1, 1000)),
        Replica = configuration["SAMPLES_REPLICA"] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
    };

    private static (int Min, int Max) Limits(int least, int most) => least <= most ? (least, most)
        : throw new WrongSettingException(
            $"MIN_WORKERS is {least} and MAX_WORKERS is {most}; give a minimum that is not above the maximum.");
}
