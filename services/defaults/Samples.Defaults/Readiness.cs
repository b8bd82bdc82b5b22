namespace Samples.Defaults;

/// <summary>Whether a service may take traffic. It may, until it says that it waits for something, or drains.</summary>
public sealed class Readiness
{
    private volatile string? _waitingFor;
    private volatile bool _draining;

    /// <summary>Why it is not ready; null when it is.</summary>
    public string? WhyNot => _draining ? "It is shutting down and finishes what it has begun." : _waitingFor;

    /// <summary>Not ready until <see cref="Ready"/>.</summary>
    public void WaitFor(string reason) => _waitingFor = reason;

    /// <summary>Ready.</summary>
    public void Ready() => _waitingFor = null;

    /// <summary>Never ready again.</summary>
    public void BeginDraining() => _draining = true;
}
