namespace Samples.Lab.Measuring;

/// <summary>
/// How often something came within the time that the pattern itself promises: a lease, a deadline, a period. What is promised is that it
/// mostly does, four times in five, and the claim says so: without a real-time system nobody can promise that it always does, because a
/// machine that stalls for a second makes single ones late whatever the pattern does. Where few were measured and one was late, that
/// cannot be told yet, and more have to be measured.
/// </summary>
/// <param name="limit">The promised time.</param>
public sealed class Timeliness(TimeSpan limit)
{
    private const int Tolerated = 5;

    private readonly List<double> _seconds = [];

    /// <summary>How many were measured.</summary>
    public int Count => _seconds.Count;

    /// <summary>How many of them were late.</summary>
    public int Late => _seconds.Count(s => s > limit.TotalSeconds);

    /// <summary>At most one in five was late, and there was something to measure.</summary>
    public bool Holds => Count > 0 && Late * Tolerated <= Count;

    /// <summary>Few enough were late, or so many (three, and more than one in five) that more measurements would not save it.</summary>
    public bool Tells => Holds || Late >= 3;

    /// <summary>It took that long; <see cref="Timeout.InfiniteTimeSpan"/> where it never came.</summary>
    public void Add(TimeSpan took) => _seconds.Add(took == Timeout.InfiniteTimeSpan ? double.PositiveInfinity : took.TotalSeconds);

    /// <summary>The claim that it mostly came in time.</summary>
    public Claim ToClaim(string text) => new(text, $"within {limit.TotalSeconds:0.##} s, {Tolerated - 1} times in {Tolerated}", Count == 0
        ? "never measured"
        : $"p50 {_seconds.Median():0.00} s, slowest {_seconds.Max():0.00} s of {Count}{(Late > 0 ? $", {Late} late" : "")}", Holds);
}
