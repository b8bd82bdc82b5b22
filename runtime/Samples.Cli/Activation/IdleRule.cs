using System.Globalization;
using Samples.Cli.RunTemplate;
using Samples.Runtime.Resources;

namespace Samples.Cli.Activation;

/// <summary>What a template's entry says with <c>IDLE_SECONDS</c>: after so long without a request its process is stopped.</summary>
internal static class IdleRule
{
    private const double Shortest = 0.5, Longest = 86_400;

    /// <summary>Null where it runs always. Throws <see cref="ResourceException"/> for what cannot be.</summary>
    public static TimeSpan? Of(RunEntry entry)
    {
        if (!entry.Environment.TryGetValue("IDLE_SECONDS", out var text))
            return null;
        if (!double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) || !(seconds >= Shortest && seconds <= Longest))
            throw Wrong($"IDLE_SECONDS of '{entry.AppId}' is '{text}'.", "Write seconds between 0.5 and 86400.");
        if (entry.AppPort is null || entry.IsSidecarAlone || entry.AppProtocol != "http")
            throw Wrong($"IDLE_SECONDS of '{entry.AppId}': requests start it, and it takes none over HTTP.",
                "Give it a command and an appPort with the protocol http, or leave IDLE_SECONDS out.");
        if (entry.HealthCheck is not null)
            throw Wrong($"IDLE_SECONDS of '{entry.AppId}': its health check is a request, and keeps it awake.",
                "Leave enableAppHealthCheck or IDLE_SECONDS out.");
        return TimeSpan.FromSeconds(seconds);
    }

    private static ResourceException Wrong(string what, string cure) => new(Origin.Code, what, cure);
}
