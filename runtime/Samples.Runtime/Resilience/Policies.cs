using System.Collections.Concurrent;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Resilience;

/// <summary>
/// The resiliency policies of one sidecar. Without a Resiliency resource there are none: Dapr's built-in retries (constant, 1 s, 3 times)
/// bridge the moments in which another sidecar cannot be reached, and all sidecars of this runtime share one process; an application
/// that refuses a connection is left out at once instead.
/// </summary>
public sealed class Policies(IReadOnlyList<Resiliency> resources, TimeProvider time)
{
    private const int DefaultBreakers = 100;

    private readonly ConcurrentDictionary<(string Kind, string Name), Target?> _known = new();

    /// <summary>No policies.</summary>
    public static Policies None { get; } = new([], TimeProvider.System);

    /// <summary>
    /// For invocation of an application or HTTPEndpoint; null where nothing is configured. Each method of an application has a circuit
    /// breaker of its own, as in Dapr: one that is broken does not take the others away.
    /// </summary>
    public Policy? App(string appId, string method) => Find("App", appId, r => r.Apps, ["App"])?.For(method);

    /// <summary>For calls of an actor; its circuit breaker is that of the type or of the one actor, as the target says.</summary>
    public Policy? Actor(string type, string id) => Find("Actor", type, r => r.Actors, ["Actor"])?.For(id);

    /// <summary>For what the application asks of a component.</summary>
    public Policy? Outbound(string component, ComponentKind kind) =>
        Find("Outbound", component, r => r.Outbound, [$"{kind}ComponentOutbound", "ComponentOutbound", "Component"])?.For("");

    /// <summary>For what a component delivers to the application.</summary>
    public Policy? Inbound(string component, ComponentKind kind) =>
        Find("Inbound", component, r => r.Inbound, [$"{kind}ComponentInbound", "ComponentInbound", "Component"])?.For("");

    private Target? Find(
        string direction, string name, Func<Resiliency, IReadOnlyDictionary<string, PolicyNames>> targets, string[] levels)
    {
        if (resources.Count == 0)
            return null;
        return _known.GetOrAdd((direction, name), _ =>
        {
            var resource = resources.FirstOrDefault(r => targets(r).ContainsKey(name)) ?? resources[0];
            var names = targets(resource).GetValueOrDefault(name);
            var timeout = Choose(resource.Timeouts, names, names?.Timeout, levels, "Timeout");
            var retry = Choose(resource.Retries, names, names?.Retry, levels, "Retry");
            var breaker = Choose(resource.CircuitBreakers, names, names?.CircuitBreaker, levels, "CircuitBreaker");
            return timeout == TimeSpan.Zero && retry is null && breaker is null ? null
                : new Target(
                    () => Build(timeout, retry, breaker),
                    breaker is not null && names?.SharesBreaker is not true ? names?.Breakers ?? DefaultBreakers : 0);
        });
    }

    // A target that is not named takes the default for its kind, then the default of all; one that is named has what it names.
    private static T? Choose<T>(
        IReadOnlyDictionary<string, T> policies, PolicyNames? target, string? name, string[] levels, string of) where T : notnull =>
        (target is null ? [.. levels.Select(level => $"Default{level}{of}Policy"), $"Default{of}Policy"] : new[] { name })
            .Where(n => n is not null && policies.ContainsKey(n)).Select(n => policies[n!]).FirstOrDefault();

    // Dapr's order: each try has its own time limit, the breaker counts tries, retries go around both.
    private Policy Build(TimeSpan timeout, RetryPolicy? retry, BreakerPolicy? breaker)
    {
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time };
        if (retry is { MaxRetries: not 0 })
            pipeline.AddRetry(Options(retry));
        if (breaker is not null)
            pipeline.AddStrategy(_ => new CircuitBreaker(breaker, time), new BreakerOptions());
        if (timeout > TimeSpan.Zero)
            pipeline.AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = _ => new ValueTask<TimeSpan>(timeout) });
        return new Policy(pipeline.Build(), retry is { MaxRetries: not 0 });
    }

    private static RetryStrategyOptions Options(RetryPolicy retry) => new()
    {
        MaxRetryAttempts = retry.MaxRetries < 0 ? int.MaxValue : retry.MaxRetries,
        ShouldHandle = attempt =>
            new ValueTask<bool>(attempt.Outcome.Exception is { } failure && Failure.IsWorthAnotherTry(failure, retry)),
        DelayGenerator = attempt =>
            new ValueTask<TimeSpan?>(retry.Exponential ? Growing(attempt.AttemptNumber, retry.MaxInterval) : retry.Duration),
    };

    // The increments of Dapr's back-off: half a second, times 1.5 each, half of it up or down by chance.
    private static TimeSpan Growing(int attempt, TimeSpan most) =>
        TimeSpan.FromSeconds(Math.Min(0.5 * Math.Pow(1.5, Math.Min(attempt, 60)), most.TotalSeconds) * (0.5 + Random.Shared.NextDouble()));

    // One policy for the whole target, or one with its own breaker for each method or actor that was called lately.
    private sealed class Target(Func<Policy> build, int breakers)
    {
        private readonly Recent<Policy> _policies = new(Math.Max(1, breakers), _ => build());

        public Policy For(string part) => _policies.Get(breakers > 0 ? part : "");
    }

    private sealed class BreakerOptions : ResilienceStrategyOptions;
}

/// <summary>The kinds of components, in the words of the names of default policies.</summary>
public enum ComponentKind
{
    /// <summary>A state store.</summary>
    Statestore,

    /// <summary>A broker.</summary>
    Pubsub,

    /// <summary>A binding.</summary>
    Binding,

    /// <summary>A secret store.</summary>
    Secretstore,

    /// <summary>A configuration store.</summary>
    Configuration,

    /// <summary>A lock store.</summary>
    Lock,
}

/// <summary>What governs calls to one target.</summary>
/// <param name="pipeline">Retry, breaker, timeout.</param>
/// <param name="retries">True where a call may be made more than once.</param>
public sealed class Policy(ResiliencePipeline pipeline, bool retries)
{
    /// <summary>True where a call may be made more than once: what it needs must then outlive the first try.</summary>
    public bool Retries { get; } = retries;

    /// <summary>Runs a call under the policy. A failure is an exception.</summary>
    internal ValueTask<T> ExecuteAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancel) =>
        pipeline.ExecuteAsync(call, cancel);
}

/// <summary>What a policy may be absent for.</summary>
public static class PolicyExtensions
{
    /// <summary>Runs a call under the policy, or as it is where there is none.</summary>
    public static ValueTask<T> RunAsync<T>(this Policy? policy, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancel) =>
        policy is null ? call(cancel) : policy.ExecuteAsync(call, cancel);

    /// <summary>Runs a call under the policy, or as it is where there is none.</summary>
    public static async ValueTask RunAsync(this Policy? policy, Func<CancellationToken, Task> call, CancellationToken cancel)
    {
        if (policy is null)
            await call(cancel);
        else
            await policy.ExecuteAsync(async stop =>
            {
                await call(stop);
                return true;
            }, cancel);
    }
}
