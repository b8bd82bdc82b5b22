using System.Globalization;
using System.Text.RegularExpressions;

namespace Samples.Runtime.Resources;

/// <summary>The counts that a circuit breaker keeps.</summary>
public readonly record struct BreakerCounts(
    long Requests, long TotalSuccesses, long TotalFailures, long ConsecutiveSuccesses, long ConsecutiveFailures);

/// <summary>
/// What opens a circuit breaker: comparisons of counts, joined by <c>&amp;&amp;</c> or <c>||</c>, for example
/// <c>consecutiveFailures >= 5</c> or <c>requests > 10 &amp;&amp; totalFailures / requests >= 0.5</c>. Dapr takes any CEL expression; this
/// is the part that its documentation uses.
/// </summary>
public sealed partial class TripRule
{
    private readonly Func<BreakerCounts, bool> _holds;

    private TripRule(Func<BreakerCounts, bool> holds) => _holds = holds;

    /// <summary>Dapr's default: more than five failures in a row.</summary>
    public static TripRule Default { get; } = Parse("consecutiveFailures > 5");

    /// <summary>True where the breaker opens.</summary>
    public bool Holds(BreakerCounts counts) => _holds(counts);

    /// <summary>Throws <see cref="FormatException"/> for what is not understood.</summary>
    public static TripRule Parse(string text)
    {
        var alternatives = text.Split("||").Select(a => a.Split("&&").Select(ParseComparison).ToArray()).ToArray();
        return new TripRule(counts => alternatives.Any(a => a.All(c => c(counts))));
    }

    private static Func<BreakerCounts, bool> ParseComparison(string text)
    {
        var match = Comparison().Match(text);
        if (!match.Success)
            throw new FormatException($"'{text.Trim()}' is not understood");
        var value = Count(match.Groups["count"].Value);
        Func<BreakerCounts, double>? divisor = match.Groups["by"].Success ? Count(match.Groups["by"].Value) : null;
        var limit = double.Parse(match.Groups["limit"].Value, CultureInfo.InvariantCulture);
        double Left(BreakerCounts counts) => divisor is null ? value(counts) : divisor(counts) == 0 ? 0 : value(counts) / divisor(counts);
        return match.Groups["op"].Value switch
        {
            ">" => counts => Left(counts) > limit,
            ">=" => counts => Left(counts) >= limit,
            "<" => counts => Left(counts) < limit,
            "<=" => counts => Left(counts) <= limit,
            _ => counts => Left(counts) == limit,
        };
    }

    private static Func<BreakerCounts, double> Count(string name) => name switch
    {
        "requests" => c => c.Requests,
        "totalSuccesses" => c => c.TotalSuccesses,
        "totalFailures" => c => c.TotalFailures,
        "consecutiveSuccesses" => c => c.ConsecutiveSuccesses,
        _ => c => c.ConsecutiveFailures,
    };

    [GeneratedRegex(
            @"^\s*(?<count>requests|total(Successes|Failures)|consecutive(Successes|Failures))\s*"
            + @"(/\s*(?<by>requests|total(Successes|Failures))\s*)?(?<op>>=|<=|>|<|==)\s*(?<limit>\d+(\.\d+)?)\s*$",
            RegexOptions.ExplicitCapture)]
    private static partial Regex Comparison();
}
