using System.Text;
using System.Text.RegularExpressions;

namespace Samples.MetricsAdapter.Page;

/// <summary>
/// Names and units by the conventions of Prometheus (https://prometheus.io/docs/practices/naming): lower case, base units as suffix,
/// <c>_total</c> for counters.
/// </summary>
internal static partial class MetricNames
{
    /// <summary>The suffix of counters.</summary>
    public const string Total = "_total";

    /// <summary>The label that says whose value it is; no source may have it for itself.</summary>
    public const string Source = "source";

    /// <summary>A unit as applications write it: what it becomes, and how many of it make one of those.</summary>
    public sealed record Unit(string Suffix, double Multiply = 1, double Divide = 1)
    {
        /// <summary>
        /// The value in the base unit. Dividing by a whole number rounds once; multiplying by its inverse would round twice.
        /// </summary>
        public double Convert(double value) => value * Multiply / Divide;
    }

    /// <summary>Units that are known.</summary>
    public static IReadOnlyDictionary<string, Unit> Units { get; } = new Dictionary<string, Unit>(StringComparer.Ordinal)
    {
        [""] = new(""),
        ["s"] = new("seconds"),
        ["ms"] = new("seconds", Divide: 1_000),
        ["us"] = new("seconds", Divide: 1_000_000),
        ["h"] = new("seconds", 3600),
        ["B"] = new("bytes"),
        ["kB"] = new("bytes", 1000),
        ["KiB"] = new("bytes", 1024),
        ["MiB"] = new("bytes", 1024 * 1024),
        ["%"] = new("ratio", Divide: 100),
        ["C"] = new("celsius"),
        ["V"] = new("volts"),
        ["kWh"] = new("joules", 3_600_000),
        ["Pa"] = new("pascals"),
        ["kPa"] = new("pascals", 1000),
    };

    /// <summary>A name that Prometheus accepts.</summary>
    public static bool IsMetric(string name) => Metric().IsMatch(name);

    /// <summary>A label's name that Prometheus accepts and does not keep for itself.</summary>
    public static bool IsLabel(string name) =>
        LabelName().IsMatch(name) && !name.StartsWith("__", StringComparison.Ordinal) && name != Source;

    /// <summary>
    /// Puts a name together from an application's own words: <c>pumpStarts</c> of <c>meter</c>, counted, is <c>meter_pump_starts_total</c>.
    /// </summary>
    public static string Make(string prefix, string name, string unitSuffix, MetricType type)
    {
        var made = $"{Snake(prefix)}_{Snake(name)}";
        if (type == MetricType.Counter && made.EndsWith(Total, StringComparison.Ordinal))
            made = made[..^Total.Length];
        if (unitSuffix.Length > 0 && !made.EndsWith("_" + unitSuffix, StringComparison.Ordinal))
            made += "_" + unitSuffix;
        return type == MetricType.Counter ? made + Total : made;
    }

    private static string Snake(string text)
    {
        var snake = new StringBuilder();
        foreach (var (i, c) in text.Index())
        {
            if (char.IsAsciiLetterUpper(c) && i > 0 && (char.IsAsciiLetterLower(text[i - 1]) || char.IsAsciiDigit(text[i - 1])))
                snake.Append('_');
            snake.Append(char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_');
        }

        return Underscores().Replace(snake.ToString(), "_").Trim('_');
    }

    [GeneratedRegex("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    private static partial Regex Metric();

    [GeneratedRegex("^[a-zA-Z_][a-zA-Z0-9_]*$")]
    private static partial Regex LabelName();

    [GeneratedRegex("_+")]
    private static partial Regex Underscores();
}
