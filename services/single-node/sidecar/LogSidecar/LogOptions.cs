using Samples.Defaults;
using Samples.Parameters;
using Samples.Pod;

namespace Samples.LogSidecar;

/// <summary>What is followed and where it goes; <see cref="Usage"/> tells each setting.</summary>
public sealed record LogOptions
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "log-sidecar", "follows a log file through its rotations and publishes each line, at least once, always with the same id.",
    [
        new(
            "LOG_FILE",
            "access.log in SAMPLES_DATA",
            "The file; rotated ones are its name with something behind it (access.log.1), compressed ones are left alone."),
        new("PUBSUB", "pubsub", "The Dapr pub/sub component."),
        new("TOPIC", "logs", "The topic."),
        new("STATE_STORE", "statestore", "The Dapr state store that keeps how far was read."),
        new("CHECKPOINT", "log-sidecar", "The key of that."),
        new("MAX_LINE", "65536", "Bytes of a line; a longer one is cut there, and counted."),
        new("BATCH_LINES", "500", "Lines that are published at once, at most."),
        new("LOOK_MS", "100", "How often the file is looked at, in milliseconds."),
        new("ROTATED_SECONDS", "5", "How long a renamed file must be left alone before its last line counts as whole."),
        new("OTEL_EXPORTER_OTLP_ENDPOINT", "none", "Where lines go besides, as OTLP log records."),
        new("APP_PORT", "5403", "The port of GET /follow, /healthz and /readyz."),
        PodFiles.FolderSetting,
    ]);

    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>The component to publish to.</summary>
    public required string PubSub { get; init; }

    /// <summary>The topic.</summary>
    public required string Topic { get; init; }

    /// <summary>The state store.</summary>
    public required string Store { get; init; }

    /// <summary>The checkpoint's key.</summary>
    public required string Key { get; init; }

    /// <summary>The longest line in bytes.</summary>
    public required int MaxLine { get; init; }

    /// <summary>The largest batch in lines.</summary>
    public required int Batch { get; init; }

    /// <summary>Between two looks.</summary>
    public required TimeSpan Look { get; init; }

    /// <summary>After which a renamed file is at rest.</summary>
    public required TimeSpan Rest { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static LogOptions From(IConfiguration configuration) => new()
    {
        File = Path.GetFullPath(configuration["LOG_FILE"] is { Length: > 0 } file ? file : PodFiles.From(configuration).AccessLog),
        PubSub = configuration["PUBSUB"] ?? "pubsub",
        Topic = configuration["TOPIC"] ?? "logs",
        Store = configuration["STATE_STORE"] ?? "statestore",
        Key = configuration["CHECKPOINT"] ?? "log-sidecar",
        MaxLine = configuration.Whole("MAX_LINE", 65_536, 64, 1 << 20),
        Batch = configuration.Whole("BATCH_LINES", 500, 1, 10_000),
        Look = TimeSpan.FromMilliseconds(configuration.Whole("LOOK_MS", 100, 1, 60_000)),
        Rest = configuration.Seconds("ROTATED_SECONDS", 5, 0.05, 3600),
    };
}
