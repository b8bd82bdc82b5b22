namespace Samples.Lab;

/// <summary>What an experiment gets to work with.</summary>
/// <param name="Faults">
/// Breaks and repairs replicas; null where nothing can (Compose, Kubernetes), and then the claims that need it are not run.
/// </param>
/// <param name="Replicas">The replicas as they were when the experiment began; their sidecars are the way in.</param>
/// <param name="DataDirectory">The pattern's data folder, shared with its services.</param>
/// <param name="Observe">Takes what is measured while it is measured, for charts and the console.</param>
/// <param name="Options">Sizes and seeds that override an experiment's own, by name.</param>
/// <param name="Time">The clock.</param>
public sealed record ExperimentContext(
    IFaults? Faults,
    IReadOnlyList<Replica> Replicas,
    string DataDirectory,
    Action<Observation> Observe,
    IReadOnlyDictionary<string, string> Options,
    TimeProvider Time)
{
    /// <summary>Begins the name of the option that takes something away.</summary>
    public const string WithoutPrefix = "without-";

    /// <summary>
    /// Stores a value (the second argument) under a key of the configuration store, as the store of this run wants it: Dapr has no API for
    /// that.
    /// </summary>
    public Func<string, string, CancellationToken, Task> ConfigureAsync { get; init; } =
        (key, value, cancel) => ConfigurationFile.SetAsync(DataDirectory, key, value, cancel);

    /// <summary>The whole number that the run was given under this name, or the experiment's own.</summary>
    public int Option(string name, int otherwise)
    {
        if (!Options.TryGetValue(name, out var text)) return otherwise;
        return int.TryParse(text, out var value)
            ? value
            : throw new ArgumentException($"Option '{name}' is '{text}'; give a whole number.");
    }

    /// <summary>True where the run has to do without one of the experiment's <see cref="IExperiment.Removable"/>.</summary>
    public bool IsWithout(string part) => Option(WithoutPrefix + part, 0) == 1;

    /// <summary>The first replica of a service; its sidecar is where a client's requests enter.</summary>
    public Replica ReplicaOf(string appId) =>
        Replicas.FirstOrDefault(replica => replica.AppId == appId)
        ?? throw new InvalidOperationException($"No replica of '{appId}' is running; start the pattern with all its services.");
}

/// <summary>One measured value of a named series.</summary>
public sealed record Observation(string Series, double Value, string? Message = null);

/// <summary>A sentence about the pattern, what was expected and what was measured.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Expected">The value that makes it true.</param>
/// <param name="Measured">The value found.</param>
/// <param name="Held">Whether it is true; null when it was not run.</param>
/// <param name="Reason">Why it was not run, or what explains a failure.</param>
public sealed record Claim(string Text, string Expected, string Measured, bool? Held, string? Reason = null)
{
    /// <summary>Why <see cref="OfProcessorsSideBySide"/> was not run.</summary>
    public const string OneProcessor = "there is one processor, and what runs on it runs in turns";

    /// <summary>A claim that this run could not put to the test.</summary>
    public static Claim NotRun(string text, string expected, string reason) => new(text, expected, "not run", null, reason);

    /// <summary>A claim about what several processors do at the same time: not run where there is one.</summary>
    public static Claim OfProcessorsSideBySide(Claim claim) =>
        Environment.ProcessorCount > 1 ? claim : claim with { Held = null, Reason = OneProcessor };
}
