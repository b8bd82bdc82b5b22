using Samples.Defaults;

namespace Samples.LoadBalancing;

/// <summary>What can be changed while the load balancer runs, by Dapr configuration: keys such as <c>front-door.affinity</c>.</summary>
public sealed class LiveSettings(BalancerOptions options, ILogger<LiveSettings> log)
{
    /// <summary>Who gets the next request: each in turn, the one with the fewest under way, or always the same for one address.</summary>
    public static readonly IReadOnlyList<string> Balances = ["round-robin", "least-requests", "by-url"];

    /// <summary>What ties a client to a replica: nothing, a cookie, or a hash of the client's address.</summary>
    public static readonly IReadOnlyList<string> Affinities = ["none", "cookie", "address"];

    private static readonly IReadOnlyList<string> Switch = ["on", "off"];

    /// <summary>One of <see cref="Balances"/>.</summary>
    public string Balance { get; private set; } = options.Balance;

    /// <summary>One of <see cref="Affinities"/>.</summary>
    public string Affinity { get; private set; } = options.Affinity;

    /// <summary>Whether a request that failed at one replica is tried at another.</summary>
    public bool Retries { get; private set; } = true;

    /// <summary>Whether replicas that are not ready, or have failed, are left out.</summary>
    public bool Health { get; private set; } = true;

    /// <summary>Something has changed.</summary>
    public event Action? Changed;

    /// <summary>The keys of a load balancer with this app id.</summary>
    public static string[] KeysOf(string name) => [$"{name}.balance", $"{name}.affinity", $"{name}.retries", $"{name}.health"];

    /// <summary>
    /// Takes all values that exist; a key without one goes back to what the environment says, a wrong one changes nothing.
    /// </summary>
    public void Take(IReadOnlyDictionary<string, string> values)
    {
        Balance = Value(values, "balance", Balances, Balance, options.Balance);
        Affinity = Value(values, "affinity", Affinities, Affinity, options.Affinity);
        Retries = Value(values, "retries", Switch, Retries ? "on" : "off", "on") == "on";
        Health = Value(values, "health", Switch, Health ? "on" : "off", "on") == "on";
        Changed?.Invoke();
    }

    /// <summary>The setting, or the first of what is allowed.</summary>
    /// <exception cref="WrongSettingException">It is none of them.</exception>
    public static string Checked(string name, string? value, IReadOnlyList<string> allowed) =>
        value is null or "" ? allowed[0]
        : allowed.Contains(value) ? value
        : throw new WrongSettingException($"{name} is '{value}'; give one of {string.Join(", ", allowed)}.");

    private string Value(
        IReadOnlyDictionary<string, string> values, string key, IReadOnlyList<string> allowed, string now, string otherwise)
    {
        if (!values.TryGetValue($"{options.Name}.{key}", out var value))
            return otherwise;
        if (allowed.Contains(value))
            return value;
        log.LogWarning("configuration {Name}.{Key} is '{Value}'; give one of {Allowed}. It stays '{Now}'",
            options.Name, key, value, string.Join(", ", allowed), now);
        return now;
    }
}
