namespace Samples.Runtime.Testing;

/// <summary>How a component breaks. The application sees what it would see of Dapr, resiliency policies included.</summary>
public sealed record Fault
{
    private Fault(FaultKind kind) => Kind = kind;

    internal FaultKind Kind { get; }

    internal string Message { get; private init; } = "";

    internal TimeSpan Delay { get; private init; }

    internal int Times { get; private init; } = int.MaxValue;

    /// <summary>Every call of the component fails.</summary>
    /// <param name="message">What the component says.</param>
    public static Fault Fails(string message = "the component fails, as the test asks for") =>
        new(FaultKind.Fails) { Message = message };

    /// <summary>Every call takes longer, on the clock of the test.</summary>
    public static Fault Slow(TimeSpan by) => new(FaultKind.Slow) { Delay = by };

    /// <summary>
    /// The connection is gone: every call fails, and a broker delivers nothing; what it has by then is delivered when the connection
    /// is back.
    /// </summary>
    public static Fault Disconnected() =>
        new(FaultKind.Disconnected) { Message = "connection refused, as the test asks for" };

    /// <summary>Only the first calls; then the component works again.</summary>
    public Fault ForCalls(int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(times, 1);
        return this with { Times = times };
    }
}

/// <summary>The kinds of <see cref="Fault"/>.</summary>
internal enum FaultKind
{
    Fails,
    Slow,
    Disconnected,
}
