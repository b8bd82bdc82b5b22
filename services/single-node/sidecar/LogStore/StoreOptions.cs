using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.LogStore;

/// <summary>What is counted and where; <see cref="Usage"/> tells each setting.</summary>
public sealed record StoreOptions(string PubSub, string Topic, string Store, string Key, int MostPaths)
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "log-store", "counts the published lines by status and path, each once, however often it is delivered.",
    [
        new("PUBSUB", "pubsub", "The Dapr pub/sub component."),
        new("TOPIC", "logs", "The topic."),
        new("STATE_STORE", "statestore", "The Dapr state store that keeps the counts."),
        new("COUNTS_KEY", "counts", "Their key."),
        new("MAX_PATHS", "1000", "Paths that are counted one by one; all others are one, called (other)."),
        new("APP_PORT", "5404", "The port of GET /counts, /healthz and /readyz."),
    ]);

    /// <summary>Reads and checks the settings.</summary>
    public static StoreOptions From(IConfiguration configuration) => new(
        configuration["PUBSUB"] ?? "pubsub", configuration["TOPIC"] ?? "logs", configuration["STATE_STORE"] ?? "statestore",
        configuration["COUNTS_KEY"] ?? "counts",
        configuration.Whole("MAX_PATHS", 1000, 1, 100_000));
}
