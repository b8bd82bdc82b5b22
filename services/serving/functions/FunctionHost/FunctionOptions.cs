using Microsoft.Extensions.Configuration;
using Samples.Defaults;

namespace Samples.FunctionHost;

/// <summary>How functions are hosted; every setting has an environment variable of the name in brackets.</summary>
/// <param name="PubSub">The pub/sub component [PUBSUB].</param>
/// <param name="Store">Where marks of events are kept [STATE_STORE].</param>
/// <param name="TimeLimit">How long a call may take; OpenFaaS sets it in Go's notation, such as <c>1m30s</c> [EXEC_TIMEOUT].</param>
/// <param name="MaxFailures">Tries of an event that end with a failure before it is parked [MAX_FAILURES].</param>
/// <param name="MaxLosses">Tries that end with nothing, because the process died, before it is parked [MAX_LOSSES].</param>
/// <param name="Parking">The topic of events that were given up [PARKED_TOPIC].</param>
/// <param name="Remember">How long the mark of an event is kept: longer than any redelivery [REMEMBER_SECONDS].</param>
/// <param name="Faults">Whether an experiment may take away what promises rest on [FAULTS].</param>
public sealed record FunctionOptions(
    string PubSub, string Store, TimeSpan TimeLimit, int MaxFailures, int MaxLosses, string Parking, TimeSpan Remember, bool Faults)
{
    internal const int LargestBody = 1 << 20;

    /// <summary>Reads and checks the settings.</summary>
    public static FunctionOptions From(IConfiguration configuration) => new(
        configuration["PUBSUB"] ?? "pubsub",
        configuration["STATE_STORE"] ?? "statestore",
        GoDuration.Read(configuration, "EXEC_TIMEOUT", TimeSpan.FromSeconds(10)),
        configuration.Whole("MAX_FAILURES", 5, 1, 1000),
        configuration.Whole("MAX_LOSSES", 20, 1, 1000),
        configuration["PARKED_TOPIC"] ?? "parked",
        configuration.Seconds("REMEMBER_SECONDS", 7 * 86_400, 60, 365 * 86_400.0),
        configuration["FAULTS"] == "true");
}
