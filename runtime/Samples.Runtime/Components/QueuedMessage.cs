namespace Samples.Runtime.Components;

/// <summary>A message on its way to one group.</summary>
/// <param name="id">Its place in the log; messages of one topic are in this order.</param>
/// <param name="message">What is delivered.</param>
internal class QueuedMessage(long id, BrokerMessage message)
{
    public long Id => id;

    public BrokerMessage Message => message;

    /// <summary>Deliveries so far. A restart of the runtime begins to count anew.</summary>
    public int Deliveries { get; set; }

    /// <summary>Who had it last: another member gets the next try, where there is one.</summary>
    public object? LastMember { get; set; }

    /// <summary>When it became ready to be delivered, as a timestamp of the clock.</summary>
    public long ReadySince { get; set; }
}
