using Samples.Parameters;

namespace Samples.LegacyMeter;

/// <summary>What can be set.</summary>
internal static class MeterSettings
{
    /// <summary>Everything that can be set.</summary>
    public static Usage Usage { get; } = new(
        "legacy-meter", "an application to adapt: statistics as comma-separated lines over TCP, a log of JSON lines.",
    [
        new("METER_PORT", "6431", "The port of the line protocol, on 127.0.0.1."),
        new("SAMPLES_FREE_PORTS", "false", "true takes a free port in place of this one; GET /address says which."),
        new("ASPNETCORE_URLS", "http://localhost:5000", "Where its buttons are."),
        new("SAMPLES_DATA", ".samples/adapter", "The folder that the application and its adapters share."),
    ]);
}
