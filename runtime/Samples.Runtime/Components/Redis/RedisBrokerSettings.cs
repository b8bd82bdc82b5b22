using Samples.Runtime.Resources;

namespace Samples.Runtime.Components.Redis;

/// <summary>How a Redis broker delivers; names and defaults are those of Dapr's component.</summary>
/// <param name="RedeliverInterval">How long a refused message waits, and how often abandoned messages are looked for.</param>
/// <param name="ProcessingTimeout">
/// A handler that takes longer is cancelled; a message that nobody touched for so long is abandoned.
/// </param>
/// <param name="Concurrency">How many batches one member may work on at once.</param>
/// <param name="QueueDepth">How many messages are fetched ahead.</param>
/// <param name="MaxLength">A stream is cut to about so many entries; 0 never.</param>
/// <param name="EntryTtl">Older entries are cut off; zero never.</param>
internal sealed record RedisBrokerSettings(
    TimeSpan RedeliverInterval, TimeSpan ProcessingTimeout, int Concurrency, int QueueDepth, long MaxLength, TimeSpan EntryTtl)
{
    // Dapr's way to say "never again": the message stays with its consumer.
    private static readonly TimeSpan Never = TimeSpan.FromDays(3650);

    public static IReadOnlyList<ComponentSetting> Known { get; } =
    [
        .. BrokerSettings.Common, new("redeliverInterval"), new("processingTimeout"), new("concurrency"), new("queueDepth"),
        new("maxLenApprox"), new("streamTTL"),
    ];

    /// <summary>False where a component sets either time to zero.</summary>
    public bool Redelivers => RedeliverInterval < Never;

    /// <summary>Reads a component; throws <see cref="ResourceException"/> for a value that cannot be used.</summary>
    public static RedisBrokerSettings Read(Component component)
    {
        var interval = RedisSettings.Duration(component, "redeliverInterval") ?? TimeSpan.FromSeconds(15);
        var timeout = RedisSettings.Duration(component, "processingTimeout") ?? TimeSpan.FromSeconds(60);
        var redelivers = interval > TimeSpan.Zero && timeout > TimeSpan.Zero;
        var (length, ttl) = (
            RedisSettings.Number(component, "maxLenApprox", 0) ?? 0, RedisSettings.Duration(component, "streamTTL") ?? TimeSpan.Zero);
        if (length > 0 && ttl > TimeSpan.Zero)
            throw RedisSettings.Wrong(
                component, "streamTTL", "stands beside 'maxLenApprox', and Redis trims a stream by one of them only", "Keep one.");
        return new RedisBrokerSettings(
            redelivers ? interval : Never, redelivers ? timeout : Timeout.InfiniteTimeSpan,
            RedisSettings.Number(component, "concurrency", 1) ?? 10, RedisSettings.Number(component, "queueDepth", 1) ?? 100, length, ttl);
    }

    /// <summary>The same for the delivery within this process.</summary>
    public BrokerSettings ToDelivery() => new(RedeliverInterval, ProcessingTimeout, Concurrency, MaxDeliver: 0);
}
