namespace Samples.Benchmarks;

/// <summary>Runs something of this project beside a peer, in one run.</summary>
public interface IComparison
{
    /// <summary>The verb behind <c>compare</c>.</summary>
    string Name { get; }

    /// <summary>What is compared with what, in a sentence.</summary>
    string Description { get; }

    /// <summary>Measures; throws <see cref="MissingPeerException"/> where a peer is not installed.</summary>
    /// <param name="duration">How long each measurement lasts.</param>
    /// <param name="report">Takes each finding as soon as it is known.</param>
    /// <param name="cancel">Ends it; everything that it started is stopped.</param>
    Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel);
}

/// <summary>One comparison's outcome.</summary>
/// <param name="What">What was measured.</param>
/// <param name="Ours">Our value, with its unit in <paramref name="Unit"/>.</param>
/// <param name="Peer">The peer's value.</param>
/// <param name="Unit">The unit of both.</param>
/// <param name="Goal">The floor as a sentence; empty where the value only informs.</param>
/// <param name="Met">Whether the floor holds; null without one.</param>
public sealed record Finding(string What, double Ours, double Peer, string Unit, string Goal = "", bool? Met = null)
{
    /// <summary>What bounds it, in a sentence; empty where nothing was found out about that.</summary>
    public string Bound { get; init; } = "";

    /// <summary>Ours to the peer's.</summary>
    public double Ratio => Ours / Peer;

    /// <summary>A floor that the ratio must reach.</summary>
    public static Finding AtLeast(double ratio, string what, double ours, double peer, string unit) =>
        new(what, ours, peer, unit, $"at least {ratio:0.##}", ours / peer >= ratio);

    /// <summary>A ceiling that the ratio must keep.</summary>
    public static Finding AtMost(double ratio, string what, double ours, double peer, string unit) =>
        new(what, ours, peer, unit, $"at most {ratio:0.##}", ours / peer <= ratio);
}

/// <summary>A peer that the comparison needs is not on this machine; the message says what to install.</summary>
public sealed class MissingPeerException(string message) : Exception(message);
