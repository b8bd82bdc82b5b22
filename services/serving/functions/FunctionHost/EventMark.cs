namespace Samples.FunctionHost;

/// <summary>What a function notes about an event.</summary>
/// <param name="Begun">How often a try began; noted before it does, so that an event that kills its process counts, too.</param>
/// <param name="Failed">How many of them failed.</param>
/// <param name="State">Whether it is still to be done.</param>
public sealed record EventMark(int Begun, int Failed, EventState State)
{
    /// <summary>Of an event that was never seen.</summary>
    public static EventMark New { get; } = new(0, 0, EventState.Open);

    /// <summary>Tries that ended without a word.</summary>
    public int Lost => Begun - Failed;
}

/// <summary>What became of an event.</summary>
public enum EventState
{
    /// <summary>To be done.</summary>
    Open,

    /// <summary>Done; coming again, it is dropped.</summary>
    Done,

    /// <summary>Given up, and lying on the topic of parked events.</summary>
    Parked,
}
