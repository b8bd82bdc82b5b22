using Dapr.Client;

namespace Samples.Stages;

/// <summary>
/// What a stage keeps of its events in state: written in the transaction that notes them as seen, it is exactly once, not only in effect.
/// </summary>
public interface IStageEffect
{
    /// <summary>What is to be written when these events of a topic are noted as seen.</summary>
    Task<IReadOnlyList<StateTransactionRequest>> PrepareAsync(
        string topic, IReadOnlyList<StageEvent> events, SeenLog seen, CancellationToken cancel);

    /// <summary>What was prepared last for the topic is stored.</summary>
    void Stored(string topic);

    /// <summary>It is not, or nobody knows: what is known of the topic may be old.</summary>
    void Lost(string topic);
}
