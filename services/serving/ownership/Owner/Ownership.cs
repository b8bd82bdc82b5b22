namespace Samples.Owner;

/// <summary>
/// A way to agree on which replica owns a task. Whatever the mechanism, ownership is a lease: it ends by itself when it is not renewed,
/// and it has a term that is higher than that of every earlier owner. The term is the fencing token: whoever the owner writes to refuses
/// lower ones, because no check on the owner's side can outrun a process that stops between the check and the write
/// (M. Kleppmann, "How to do distributed locking", 2016).
/// </summary>
public abstract class Ownership(BeliefHistory history)
{
    /// <summary>The mechanism's name, which is also the name of the task that is owned.</summary>
    public abstract string Mechanism { get; }

    /// <summary>
    /// What this replica last got, which may have ended; null where it is not the owner. Noted before anybody can act on it.
    /// </summary>
    public Lease? Lease
    {
        get;
        protected set
        {
            history.Note(Mechanism, field, value);
            field = value;
        }
    }

    /// <summary>
    /// Renews what it has, takes over what nobody holds, or only looks. Returns in what time it should be called again at the latest.
    /// Throws where the sidecar or the store is away; a lease that could not be renewed then ends by its own clock.
    /// </summary>
    public abstract Task<TimeSpan> BeatAsync(CancellationToken cancel);

    /// <summary>
    /// Hands over at once, so that the next owner need not wait for the lease to end. Not the owner any more when it is called.
    /// </summary>
    public abstract Task ReleaseAsync(CancellationToken cancel);
}

/// <summary>Ownership for a time.</summary>
/// <param name="Term">Rises with every change of owner.</param>
/// <param name="From">Since when, on the machine's monotonic clock.</param>
/// <param name="Until">
/// Not a moment longer, on the same clock. It is counted from before the request that granted the lease, so that it ends before the
/// store's or another replica's idea of it does.
/// </param>
public sealed record Lease(long Term, TimeSpan From, TimeSpan Until)
{
    /// <summary>True while the holder may act.</summary>
    public bool IsValid(TimeProvider time) => time.Monotonic() < Until;
}

/// <summary>The machine's monotonic clock: it never jumps, and processes of one machine may compare it.</summary>
public static class MonotonicClock
{
    /// <summary>Time since the machine started.</summary>
    public static TimeSpan Monotonic(this TimeProvider time) => time.GetElapsedTime(0);
}
