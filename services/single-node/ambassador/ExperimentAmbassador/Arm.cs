using System.Collections.Concurrent;

namespace Samples.ExperimentAmbassador;

/// <summary>
/// One arm of the experiment and what is known about it. Clients are counted by the arm that they belong to, whoever answered in the end:
/// leaving out those whom the experiment failed would flatter it (intention to treat).
/// </summary>
public sealed class Arm(string name)
{
    // About 100 bytes a client; past it, latencies and errors go on, and the conversions are told to be those of the first so many.
    private const int MostClients = 500_000;

    private readonly ConcurrentDictionary<string, bool> _converted = new(StringComparer.Ordinal);
    private long _requests, _errors, _fallbacks, _bypassed, _mirrorsDropped, _clients, _conversions;

    /// <summary>The app id or address.</summary>
    public string Name => name;

    /// <summary>Time to the whole answer.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>A request that the arm was asked to answer.</summary>
    public void CountRequest(TimeSpan took, bool isError)
    {
        Interlocked.Increment(ref _requests);
        if (isError)
            Interlocked.Increment(ref _errors);
        Latency.Add(took);
    }

    /// <summary>A failure that production made good.</summary>
    public void CountFallback() => Interlocked.Increment(ref _fallbacks);

    /// <summary>A request that production got because the arm has failed too often.</summary>
    public void CountBypass() => Interlocked.Increment(ref _bypassed);

    /// <summary>A copy that was not sent because too many wait.</summary>
    public void CountDroppedMirror() => Interlocked.Increment(ref _mirrorsDropped);

    /// <summary>A client that belongs to the arm; counted once.</summary>
    public void See(string client)
    {
        if (!_converted.ContainsKey(client) && Interlocked.Read(ref _clients) < MostClients && _converted.TryAdd(client, false))
            Interlocked.Increment(ref _clients);
    }

    /// <summary>The client did what the experiment is about. False where it has before, or was never seen.</summary>
    public bool Convert(string client)
    {
        if (!_converted.TryUpdate(client, true, false))
            return false;
        Interlocked.Increment(ref _conversions);
        return true;
    }

    /// <summary>What is known now.</summary>
    public ArmReport Report()
    {
        var (clients, conversions) = (Interlocked.Read(ref _clients), Interlocked.Read(ref _conversions));
        var (low, high) = Significance.Wilson(conversions, clients);
        return new ArmReport(name, Interlocked.Read(ref _requests), Interlocked.Read(ref _errors), Interlocked.Read(ref _fallbacks),
            Interlocked.Read(ref _bypassed), Interlocked.Read(ref _mirrorsDropped),
            Latency.Quantile(0.5), Latency.Quantile(0.9), Latency.Quantile(0.99), clients, clients >= MostClients, conversions,
            clients == 0 ? 0 : (double)conversions / clients, low, high);
    }
}

/// <summary>An arm in numbers. Latencies are milliseconds; the interval of the rate is the 95% one.</summary>
public sealed record ArmReport(
    string Name, long Requests, long Errors, long Fallbacks, long Bypassed, long MirrorsDropped, double P50, double P90, double P99,
    long Clients, bool ClientsAreFull, long Conversions, double Rate, double RateLow, double RateHigh);
