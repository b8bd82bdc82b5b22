namespace Samples.Runtime.Apps;

/// <summary>How the application's health is asked for; the defaults are daprd's.</summary>
/// <param name="Path">An HTTP path that answers 2xx while the application can work.</param>
public sealed record AppHealthCheck(string Path = "/healthz")
{
    /// <summary>Time between two probes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A probe that takes longer has failed.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Failures in a row after which the application gets no traffic.</summary>
    public int Threshold { get; init; } = 3;
}
