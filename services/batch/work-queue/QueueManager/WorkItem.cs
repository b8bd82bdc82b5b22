namespace Samples.QueueManager;

/// <summary>Where an item stands.</summary>
public enum ItemState
{
    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>A worker has it.</summary>
    Leased,

    /// <summary>Done, once and for all.</summary>
    Done,

    /// <summary>Given up: a dead letter, until somebody replays it.</summary>
    Dead,
}

/// <summary>The record of one item, as it is kept in state.</summary>
/// <param name="Id">The source's name for it.</param>
/// <param name="State">Where it stands.</param>
public sealed record WorkItem(string Id, ItemState State)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    /// <summary>Tries so far, however they ended.</summary>
    public int Attempts { get; init; }

    /// <summary>Tries that the worker program ended with a failure: these say something about the item.</summary>
    public int Failures { get; init; }

    /// <summary>Tries whose worker fell silent: mostly bad luck, but an item that kills its worker looks the same.</summary>
    public int Losses { get; init; }

    /// <summary>
    /// The token of the current lease, or of the last where its holder ended it: only who has it may say how the item ended. Null where it
    /// was taken back.
    /// </summary>
    public string? Lease { get; init; }

    /// <summary>Who has (or had) it.</summary>
    public string? Worker { get; init; }

    /// <summary>Not before this moment is it tried again.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>How often it was finished. More than once would break the promise.</summary>
    public int Completions { get; init; }

    /// <summary>Why the last try failed.</summary>
    public string? Failure { get; init; }

    /// <summary>A worker takes it.</summary>
    public WorkItem LeaseTo(string worker, string lease) =>
        this with { State = ItemState.Leased, Worker = worker, Lease = lease, Attempts = Attempts + 1 };

    /// <summary>The worker is through.</summary>
    public WorkItem Finish() => this with { State = ItemState.Done, Completions = Completions + 1, Failure = null };

    /// <summary>The try failed: later again, or given up.</summary>
    public WorkItem Fail(string reason, QueueOptions options, DateTimeOffset now) =>
        (this with { Failures = Failures + 1 }).TryAgain(reason, options, now);

    /// <summary>The worker fell silent: later again, or given up after many of these.</summary>
    public WorkItem Lose(QueueOptions options, DateTimeOffset now) =>
        (this with { Losses = Losses + 1, Lease = null }).TryAgain("The worker fell silent.", options, now);

    /// <summary>The worker was asked to stop: another one may have it at once.</summary>
    public WorkItem HandBack() =>
        this with { State = ItemState.Queued, Failure = "The worker was stopped and handed it back.", NotBefore = default };

    private WorkItem TryAgain(string reason, QueueOptions options, DateTimeOffset now) =>
        Failures >= options.MaxFailures || Losses >= options.MaxLosses
        ? this with { State = ItemState.Dead, Failure = reason }
        : this with { State = ItemState.Queued, Failure = reason, NotBefore = now + Wait(options) };

    // Doubles with each bad end, up to an hour.
    private TimeSpan Wait(QueueOptions options) =>
        TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, options.BackOff.TotalSeconds * Math.Pow(2, Failures + Losses - 1)));

    /// <summary>Somebody repaired what was wrong: as if new.</summary>
    public WorkItem Replay() =>
        this with { State = ItemState.Queued, Attempts = 0, Failures = 0, Losses = 0, Failure = null, NotBefore = default };
}
