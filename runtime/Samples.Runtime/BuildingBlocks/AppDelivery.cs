namespace Samples.Runtime.BuildingBlocks;

/// <summary>What a sidecar brings to its application by itself.</summary>
public enum DeliveryKind
{
    /// <summary>An event of a subscription.</summary>
    Event,

    /// <summary>An event of an input binding.</summary>
    Binding,

    /// <summary>A job that is due.</summary>
    Job,

    /// <summary>An actor's reminder that is due.</summary>
    Reminder,

    /// <summary>An actor's timer that is due.</summary>
    Timer,
}

/// <summary>What became of a delivery.</summary>
public enum DeliveryResult
{
    /// <summary>The application handled it.</summary>
    Success,

    /// <summary>It could not: it gets it again, or (a binding, a timer) not.</summary>
    Failed,

    /// <summary>It never will, or no route fits: forgotten.</summary>
    Dropped,

    /// <summary>On the dead letter topic.</summary>
    DeadLettered,

    /// <summary>The application was not there.</summary>
    NotReached,
}

/// <summary>One delivery to an application, after it ended.</summary>
/// <param name="Kind">What was brought.</param>
/// <param name="AppId">
/// To whom; an actor's reminders and timers name its type and id here, because the actor may live in any replica.
/// </param>
/// <param name="Source">The component of an event; empty for what has none.</param>
/// <param name="Name">The topic, binding, job, reminder or timer.</param>
/// <param name="Data">The CloudEvent as JSON, or the payload.</param>
/// <param name="Result">What became of it.</param>
public sealed record AppDelivery(
    DeliveryKind Kind, string AppId, string Source, string Name, ReadOnlyMemory<byte> Data, DeliveryResult Result);
