using Samples.Parameters;

namespace Samples.LegacyBatch;

/// <summary>What can be set.</summary>
internal static class BatchSettings
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "legacy-batch", "an application to adapt: no statistics at all, a log of text with stack traces.",
    [
        new("ASPNETCORE_URLS", "http://localhost:5000", "Where to listen."),
        new("SAMPLES_DATA", ".samples/adapter", "The folder that the application and its adapters share."),
    ]);
}
