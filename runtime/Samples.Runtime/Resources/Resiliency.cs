namespace Samples.Runtime.Resources;

/// <summary>A Dapr <c>Resiliency</c> resource: named policies, and which target uses which.</summary>
/// <param name="Timeouts">By name.</param>
/// <param name="Retries">By name.</param>
/// <param name="CircuitBreakers">By name.</param>
/// <param name="Apps">By app id (or HTTPEndpoint).</param>
/// <param name="Actors">By actor type.</param>
/// <param name="Inbound">By component: from it to the application.</param>
/// <param name="Outbound">By component: from the application to it.</param>
/// <param name="Scopes">App ids whose calls it governs; empty means all.</param>
public sealed record Resiliency(
    IReadOnlyDictionary<string, TimeSpan> Timeouts,
    IReadOnlyDictionary<string, RetryPolicy> Retries,
    IReadOnlyDictionary<string, BreakerPolicy> CircuitBreakers,
    IReadOnlyDictionary<string, PolicyNames> Apps,
    IReadOnlyDictionary<string, PolicyNames> Actors,
    IReadOnlyDictionary<string, PolicyNames> Inbound,
    IReadOnlyDictionary<string, PolicyNames> Outbound,
    IReadOnlyList<string> Scopes);

/// <summary>The policies of a target; null where it has none.</summary>
public sealed record PolicyNames(string? Timeout, string? Retry, string? CircuitBreaker)
{
    /// <summary>One circuit breaker for all actors of a type; else one for each.</summary>
    public bool SharesBreaker { get; init; }

    /// <summary>How many circuit breakers of methods or actors are kept; null for Dapr's default.</summary>
    public int? Breakers { get; init; }
}

/// <summary>How often and how far apart to try again.</summary>
/// <param name="Exponential">Growing delays (half a second, times 1.5 each, with jitter); else constant ones.</param>
/// <param name="Duration">The constant delay.</param>
/// <param name="MaxInterval">The longest growing delay.</param>
/// <param name="MaxRetries">After the first try; -1 has no limit.</param>
public sealed record RetryPolicy(bool Exponential, TimeSpan Duration, TimeSpan MaxInterval, int MaxRetries)
{
    /// <summary>HTTP statuses worth another try; empty means all failures.</summary>
    public IReadOnlyList<(int From, int To)> HttpStatuses { get; init; } = [];

    /// <summary>gRPC statuses worth another try; empty means all failures.</summary>
    public IReadOnlyList<(int From, int To)> GrpcStatuses { get; init; } = [];
}

/// <summary>When to stop calling what keeps failing.</summary>
/// <param name="MaxRequests">Calls that are let through while half open.</param>
/// <param name="Interval">How often the counts start anew while closed; zero: never.</param>
/// <param name="Timeout">How long it stays open.</param>
/// <param name="Trip">What opens it.</param>
public sealed record BreakerPolicy(int MaxRequests, TimeSpan Interval, TimeSpan Timeout, TripRule Trip);
