using System.Globalization;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Components;

/// <summary>How an embedded broker delivers; the names are those of Dapr's Redis and JetStream components.</summary>
/// <param name="RedeliverInterval">How long a message waits after a handler refused it or died with it.</param>
/// <param name="ProcessingTimeout">
/// A handler that takes longer is cancelled, and the message goes to another member; infinite for no limit.
/// </param>
/// <param name="Concurrency">How many batches one member may work on at once.</param>
/// <param name="MaxDeliver">After so many deliveries a message is given up; 0 never gives up.</param>
public sealed record BrokerSettings(TimeSpan RedeliverInterval, TimeSpan ProcessingTimeout, int Concurrency, int MaxDeliver)
{
    /// <summary>What holds where a component says nothing.</summary>
    public static BrokerSettings Default { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), 10, 0);

    /// <summary>Settings that every pub/sub component knows, whatever its engine: groups and who may use which topic.</summary>
    public static IReadOnlyList<ComponentSetting> Common { get; } =
        [new("consumerID"), new("allowedTopics"), new("protectedTopics"), new("publishingScopes"), new("subscriptionScopes")];

    /// <summary>Settings of the embedded brokers.</summary>
    public static IReadOnlyList<ComponentSetting> Known { get; } =
        [.. Common, new("redeliverInterval"), new("processingTimeout"), new("concurrency"), new("maxDeliver")];

    /// <summary>Reads a component; throws <see cref="ResourceException"/> for a value that cannot be used.</summary>
    public static BrokerSettings Read(Component component) => new(
        Duration(component, "redeliverInterval") ?? Default.RedeliverInterval,
        component.Metadata.GetValueOrDefault("processingTimeout") == "0" ? Timeout.InfiniteTimeSpan
            : Duration(component, "processingTimeout") ?? Default.ProcessingTimeout,
        Number(component, "concurrency", least: 1) ?? Default.Concurrency,
        Number(component, "maxDeliver", least: 0) ?? Default.MaxDeliver);

    private static TimeSpan? Duration(Component component, string name)
    {
        if (!component.Metadata.TryGetValue(name, out var text))
            return null;
        try
        {
            return GoDuration.Parse(text);
        }
        catch (FormatException error)
        {
            throw Wrong(component, name, error.Message, "Write a duration such as 500ms or 10s.");
        }
    }

    private static int? Number(Component component, string name, int least)
    {
        if (!component.Metadata.TryGetValue(name, out var text))
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least
            ? number
            : throw Wrong(component, name, $"'{text}' is no whole number from {least} on", "Write digits only.");
    }

    private static ResourceException Wrong(Component component, string name, string why, string cure) =>
        new(
            component.MetadataOrigins.GetValueOrDefault(name, component.Origin), $"'{name}' of component '{component.Name}': {why}.",
            cure);
}
