namespace Samples.Runtime.BuildingBlocks.Scheduling;

/// <summary>What became of an appointment that was due.</summary>
internal enum Outcome
{
    /// <summary>Carried out.</summary>
    Done,

    /// <summary>Carried out, and it must not come back.</summary>
    Cancel,

    /// <summary>It failed: the failure policy decides.</summary>
    Failed,

    /// <summary>Nobody is there to carry it out now: it stays due, however long that takes.</summary>
    Undeliverable,
}

/// <summary>Outcomes in the words of who watches deliveries.</summary>
internal static class Outcomes
{
    public static DeliveryResult ToResult(this Outcome outcome) => outcome switch
    {
        Outcome.Failed => DeliveryResult.Failed,
        Outcome.Undeliverable => DeliveryResult.NotReached,
        _ => DeliveryResult.Success,
    };
}

/// <summary>What follows a failure.</summary>
/// <param name="MaxRetries">How often it is tried again before this time is given up; null without end, 0 for not at all.</param>
/// <param name="Interval">The pause before.</param>
internal sealed record FailurePolicy(int? MaxRetries, TimeSpan Interval)
{
    /// <summary>Three times, a second apart: Dapr's default.</summary>
    public static FailurePolicy Default { get; } = new(3, TimeSpan.FromSeconds(1));

    /// <summary>The next time comes when it comes.</summary>
    public static FailurePolicy Drop { get; } = new(0, TimeSpan.Zero);
}

/// <summary>
/// Something that is to happen at a time, once or again and again. What was missed, because nobody was there, happens once and late;
/// then the rhythm goes on.
/// </summary>
/// <param name="key">Unique; a second appointment of that key takes the first one's place.</param>
internal class Appointment(string key)
{
    public string Key => key;

    /// <summary>Tells this appointment from an earlier and a later one of that key, in whichever process.</summary>
    public string Generation { get; init; } = Guid.NewGuid().ToString("N");

    /// <summary>Null for one that happens once.</summary>
    public Recurrence? Recurrence { get; init; }

    /// <summary>From then on it does not happen any more.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>How often at most.</summary>
    public int? Repeats { get; init; }

    public FailurePolicy Failure { get; init; } = FailurePolicy.Default;

    /// <summary>When it is due next, or since when it is due.</summary>
    public DateTimeOffset Due { get; set; }

    /// <summary>How often it happened (or was given up).</summary>
    public int Times { get; set; }

    /// <summary>Failures of the time that is due.</summary>
    public int Failures { get; set; }

    /// <summary>Its place in the scheduler's queue, in ticks; null while it runs.</summary>
    internal long? QueuedFor { get; set; }

    /// <summary>Goes on to the next time; false where there is none.</summary>
    public bool Advance(DateTimeOffset now)
    {
        Times++;
        Failures = 0;
        if (Times >= Repeats || Recurrence?.NextInRhythm(Due, now) is not { } next || next >= Expires)
            return false;
        Due = next;
        return true;
    }
}

/// <summary>Where appointments survive the end of the process.</summary>
internal interface IAppointmentBook : IAsyncDisposable
{
    Task<IReadOnlyList<Appointment>> LoadAsync(CancellationToken cancel);

    /// <summary>Completes when it is as durable as the book promises. What is asked for first is written first.</summary>
    Task WriteAsync(Appointment appointment);

    /// <summary>As for writing.</summary>
    Task RemoveAsync(IReadOnlyCollection<string> keys);

    /// <summary>
    /// Writes when it is due next, or crosses it off; nothing where somebody put another in its place or removed it. As for writing.
    /// </summary>
    Task SettleAsync(Appointment appointment, bool comesBack);
}

/// <summary>What is kept for callers: appointments of all sidecars that share a book.</summary>
internal interface IAppointments
{
    /// <summary>
    /// Makes an appointment; completes when it is kept as durably as the book promises. False where one of that key exists and must not be
    /// replaced.
    /// </summary>
    Task<bool> AddAsync(Appointment appointment, bool overwrite, CancellationToken cancel);

    /// <summary>Null where there is none, or none any more.</summary>
    Appointment? Find(string key);

    /// <summary>Those whose keys begin so, by key.</summary>
    IReadOnlyList<Appointment> List(string prefix);

    /// <summary>Cancels appointments; those that do not exist are no error. One that runs finishes, and does not come back.</summary>
    Task RemoveAsync(IReadOnlyCollection<string> keys, CancellationToken cancel);

    /// <summary>Somebody is there now: what could not be delivered is due at once.</summary>
    void Wake();
}
