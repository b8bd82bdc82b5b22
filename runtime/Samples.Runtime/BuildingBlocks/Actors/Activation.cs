namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>One actor that is (or is about to be) in memory on one replica. The table of them is one for the whole run.</summary>
internal sealed class Activation(ActorId id)
{
    private volatile ActorHost? _host;
    private long _lastUsed;

    public ActorId Id => id;

    public ActorTurns Turns { get; } = new();

    /// <summary>The replica that has it; only the holder of the turn changes it.</summary>
    public ActorHost? Host
    {
        get => _host;
        set => _host = value;
    }

    /// <summary>When a turn last began or ended.</summary>
    public DateTimeOffset LastUsed
    {
        get => new(Volatile.Read(ref _lastUsed), TimeSpan.Zero);
        set => Volatile.Write(ref _lastUsed, value.UtcTicks);
    }
}
