namespace Samples.Stages;

/// <summary>What a stage makes of one event.</summary>
public sealed class Outcome
{
    private Outcome(IReadOnlyList<Outgoing> events, string? deadBecause, string? againBecause)
    {
        Events = events;
        DeadBecause = deadBecause;
        AgainBecause = againBecause;
    }

    /// <summary>Nothing: the event ends here.</summary>
    public static Outcome None { get; } = new([], null, null);

    /// <summary>What goes out.</summary>
    public IReadOnlyList<Outgoing> Events { get; }

    /// <summary>Why it can never be handled; null where it can.</summary>
    public string? DeadBecause { get; }

    /// <summary>Why it cannot be handled now; null where it can.</summary>
    public string? AgainBecause { get; }

    /// <summary>These events go out.</summary>
    public static Outcome To(params IReadOnlyList<Outgoing> events) => new(events, null, null);

    /// <summary>It can never be handled: it goes to the dead letters with the reason, and holds up nobody.</summary>
    public static Outcome Dead(string because) => new([], because, null);

    /// <summary>It cannot be handled now: it comes again, and what follows it under its key waits for it.</summary>
    public static Outcome Again(string because) => new([], null, because);
}
