namespace Samples.Runtime.Resources;

/// <summary>Reads a <c>Resiliency</c>: a policy or target that is misspelt stops the start.</summary>
internal static class ResiliencyReader
{
    // Dapr's default.
    private const int ActorBreakers = 5000;

    private static readonly string[] TargetFields = ["timeout", "retry", "circuitBreaker"];

    public static Resiliency Read(YamlMap root)
    {
        root.AllowOnly(["apiVersion", "kind", "metadata", "spec", "scopes"]);
        var spec = root.Map("spec") ?? throw root.Error("a Resiliency has no 'spec'.", "Add 'spec' with 'policies' and 'targets'.");
        spec.AllowOnly(["policies", "targets"], "a Resiliency");
        var policies = spec.Map("policies");
        policies?.AllowOnly(["timeouts", "retries", "circuitBreakers"], "'policies'");
        var timeouts = policies?.Map("timeouts");
        var read = new Resiliency(
            timeouts?.Keys.ToDictionary(k => k, k => Duration(timeouts, k)!.Value) ?? [],
            Entries(policies?.Map("retries"), ReadRetry), Entries(policies?.Map("circuitBreakers"), ReadBreaker), Empty, Empty, Empty,
            Empty, root.Texts("scopes"));
        var targets = spec.Map("targets");
        targets?.AllowOnly(["apps", "actors", "components"], "'targets'");
        PolicyNames Names(YamlMap map) => ReadNames(map, read);
        PolicyNames None(YamlMap? map) => map is null ? new PolicyNames(null, null, null) : Names(map);
        var components = targets?.Map("components");
        foreach (var component in components?.Keys ?? [])
            components!.Map(component)?.AllowOnly(["inbound", "outbound"], $"the target '{component}'");
        return read with
        {
            Apps = Entries(targets?.Map("apps"), Names),
            Actors = Entries(targets?.Map("actors"), map => ReadActor(map, Names(map))),
            Inbound = Entries(components, map => None(map.Map("inbound"))),
            Outbound = Entries(components, map => None(map.Map("outbound"))),
        };
    }

    private static Dictionary<string, PolicyNames> Empty => [];

    private static Dictionary<string, T> Entries<T>(YamlMap? map, Func<YamlMap, T> read) =>
        map?.Keys.ToDictionary(
            k => k, k => read(map.Map(k) ?? throw map.Error($"'{k}' is empty.", "Write its settings below it.")), StringComparer.Ordinal)
            ?? [];

    private static RetryPolicy ReadRetry(YamlMap retry)
    {
        retry.AllowOnly(["policy", "duration", "maxInterval", "maxRetries", "matching"], "a retry policy");
        var exponential = retry.Text("policy") switch
        {
            null or "constant" => false,
            "exponential" => true,
            var other => throw retry.ErrorAt("policy", $"the retry policy '{other}' is unknown.", "Write constant or exponential."),
        };
        var matching = retry.Map("matching");
        matching?.AllowOnly(["httpStatusCodes", "gRPCStatusCodes"], "'matching'");
        return new RetryPolicy(
            exponential, Duration(retry, "duration") ?? TimeSpan.FromSeconds(5),
            Duration(retry, "maxInterval") ?? TimeSpan.FromSeconds(60), retry.Number("maxRetries") ?? -1)
        {
            HttpStatuses = matching is null ? [] : Ranges(matching, "httpStatusCodes"),
            GrpcStatuses = matching is null ? [] : Ranges(matching, "gRPCStatusCodes"),
        };
    }

    private static List<(int, int)> Ranges(YamlMap matching, string key)
    {
        var ranges = new List<(int, int)>();
        foreach (var part in (matching.Text(key) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], out var from) || !int.TryParse(ends[^1], out var to) || to < from)
                throw matching.ErrorAt(key, $"'{part}' is no status and no range of statuses.", "For example \"429,500-599\".");
            ranges.Add((from, to));
        }

        return ranges;
    }

    private static BreakerPolicy ReadBreaker(YamlMap breaker)
    {
        breaker.AllowOnly(["maxRequests", "interval", "timeout", "trip"], "a circuit breaker");
        try
        {
            var trip = breaker.Text("trip") is { } text ? TripRule.Parse(text) : TripRule.Default;
            return new BreakerPolicy(
                breaker.Number("maxRequests") ?? 1, Duration(breaker, "interval") ?? TimeSpan.Zero,
                Duration(breaker, "timeout") ?? TimeSpan.FromSeconds(60), trip);
        }
        catch (FormatException error)
        {
            throw breaker.ErrorAt("trip", $"the circuit breaker's 'trip' cannot be used: {error.Message}.",
                "Compare requests, totalFailures, totalSuccesses, consecutiveFailures or consecutiveSuccesses with a number, "
                    + "joined by && or ||.");
        }
    }

    private static PolicyNames ReadNames(YamlMap map, Resiliency policies)
    {
        map.AllowOnly([.. TargetFields, "circuitBreakerScope", "circuitBreakerCacheSize"], "a target");
        string? Known(string key, IEnumerable<string> names) => map.Text(key) is not { } name ? null
            : names.Contains(name) ? name
            : throw map.ErrorAt(
                key, $"the {key} policy '{name}' is not defined.", $"Define it under 'policies'; defined: {string.Join(", ", names)}.");
        return new PolicyNames(
            Known("timeout", policies.Timeouts.Keys), Known("retry", policies.Retries.Keys),
            Known("circuitBreaker", policies.CircuitBreakers.Keys))
        {
            Breakers = map.Number("circuitBreakerCacheSize") is { } size and > 0 ? size : null,
        };
    }

    private static PolicyNames ReadActor(YamlMap map, PolicyNames names) => (names.CircuitBreaker, map.Text("circuitBreakerScope")) switch
    {
        (null, _) or (_, "id" or "both") => names with { Breakers = names.Breakers ?? ActorBreakers },
        (_, "type") => names with { SharesBreaker = true },
        (_, var scope) =>
            throw map.ErrorAt(
                "circuitBreakerScope",
                scope is null ? "an actor's circuit breaker has no 'circuitBreakerScope'." : $"the 'circuitBreakerScope' is '{scope}'.",
            "Write type (one for all actors of the type), id (one for each) or both (which is the same as id)."),
    };

    private static TimeSpan? Duration(YamlMap map, string key)
    {
        if (map.Text(key) is not { } text)
            return null;
        // Zero is a duration in Dapr's files: no delay, no interval.
        if (text is "0" or "0s")
            return TimeSpan.Zero;
        try
        {
            return GoDuration.Parse(text);
        }
        catch (FormatException error)
        {
            throw map.ErrorAt(key, $"'{key}': {error.Message}.", "For example 500ms, 5s or 1m.");
        }
    }
}
