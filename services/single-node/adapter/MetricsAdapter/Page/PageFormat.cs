using System.Globalization;
using System.Text;

namespace Samples.MetricsAdapter.Page;

/// <summary>
/// Writes a page as the scraper wants it: Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats), or
/// OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec) for those who ask for it.
/// </summary>
internal sealed class PageFormat
{
    private readonly bool _openMetrics;

    private PageFormat(string contentType, bool openMetrics) => (ContentType, _openMetrics) = (contentType, openMetrics);

    /// <summary>What everybody reads.</summary>
    public static PageFormat Text { get; } = new("text/plain; version=0.0.4; charset=utf-8", openMetrics: false);

    /// <summary>The standard that came of it.</summary>
    public static PageFormat OpenMetrics { get; } = new("application/openmetrics-text; version=1.0.0; charset=utf-8", openMetrics: true);

    /// <summary>The type of the answer.</summary>
    public string ContentType { get; }

    /// <summary>The format for an <c>Accept</c> header.</summary>
    public static PageFormat For(string? accept) =>
        accept?.Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase) == true ? OpenMetrics : Text;

    /// <summary>The page as text; lines end in a line feed alone.</summary>
    public string Write(MetricPage page)
    {
        var text = new StringBuilder();
        foreach (var (family, samples) in page.Families)
        {
            var name = _openMetrics ? family.BaseName : family.Name;
            text.Append("# HELP ").Append(name).Append(' ').Append(EscapeHelp(family.Help)).Append('\n')
                .Append("# TYPE ").Append(name).Append(' ').Append(family.Type == MetricType.Counter ? "counter" : "gauge").Append('\n');
            foreach (var sample in samples)
                Write(text, sample);
        }

        return (_openMetrics ? text.Append("# EOF\n") : text).ToString();
    }

    private static void Write(StringBuilder text, Sample sample)
    {
        text.Append(sample.Family.Name);
        if (sample.Labels.Count > 0)
        {
            text.Append('{');
            foreach (var (i, label) in sample.Labels.Index())
                text.Append(i == 0 ? "" : ",").Append(label.Name).Append("=\"").Append(EscapeValue(label.Value)).Append('"');
            text.Append('}');
        }

        text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string EscapeValue(string value) => Clean(value).Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");

    // The text format leaves quotes in a help text alone, and OpenMetrics wants them escaped.
    private string EscapeHelp(string help)
    {
        var escaped = Clean(help).Replace("\\", "\\\\").Replace("\n", "\\n");
        return _openMetrics ? escaped.Replace("\"", "\\\"") : escaped;
    }

    // Half a surrogate pair has no UTF-8.
    private static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
