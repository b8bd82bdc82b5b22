using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>What a state store's component says about its outbox.</summary>
/// <param name="PubSub">Where the events go.</param>
/// <param name="Topic">Which topic they have.</param>
internal sealed record OutboxSettings(string PubSub, string Topic)
{
    /// <summary>
    /// The settings that every transactional store knows. The last two are Dapr's for the topic that coordinates there; here the event is
    /// kept in the transaction itself, so they are accepted and have nothing to do.
    /// </summary>
    public static IReadOnlyList<ComponentSetting> Known { get; } =
        [new("outboxPublishPubsub"), new("outboxPublishTopic"), new("outboxPubsub"), new("outboxDiscardWhenMissingState")];

    /// <summary>Null where the store has no outbox: Dapr wants both names.</summary>
    public static OutboxSettings? Read(Component store) =>
        store.Metadata.GetValueOrDefault("outboxPublishPubsub") is { Length: > 0 } pubSub
            && store.Metadata.GetValueOrDefault("outboxPublishTopic") is { Length: > 0 } topic
            ? new OutboxSettings(pubSub, topic) : null;
}
