using System.Globalization;
using System.Text;
using Samples.Lab;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary>
/// The claims' table on a pattern's page, between two markers. A command writes it, so that no number on a page is older than its
/// last run or was typed by hand.
/// </summary>
internal static class MeasuredBlock
{
    private const string Begin = "<!-- measured: begin -->", End = "<!-- measured: end -->";

    /// <summary>Puts a record into the page.</summary>
    public static void Write(string page, PatternRecord record, DateOnly day)
    {
        var text = File.Exists(page) ? File.ReadAllText(page) : "";
        var (begin, end) = (text.IndexOf(Begin, StringComparison.Ordinal), text.IndexOf(End, StringComparison.Ordinal));
        if (begin < 0 || end < begin)
            throw new ResourceException(
                Origin.Code, $"'{page}' has no place for the table.", $"Write a line '{Begin}' and below it a line '{End}'.");
        // Complete or not at all: the page is somebody's work.
        var draft = page + ".new";
        File.WriteAllText(draft, text[..(begin + Begin.Length)] + "\n" + Table(record, day) + text[end..]);
        File.Move(draft, page, overwrite: true);
    }

    private static string Table(PatternRecord record, DateOnly day)
    {
        var text = new StringBuilder("| claim | expected | measured | |\n| --- | --- | --- | --- |\n");
        foreach (var claim in record.Claims)
            text.Append(
                CultureInfo.InvariantCulture,
                $"| {Cell(claim.Text)} | {Cell(claim.Expected)} | {Cell(claim.Measured)} | {Verdict(claim)} |\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"\n`samples tour {record.Pattern} --page`, {day:yyyy-MM-dd}, "
            + $"{record.Seconds:0} s on {Environment.ProcessorCount} processors.\n");
        return text.ToString();
    }

    private static string Verdict(Claim claim) =>
        claim.Held switch { true => "held", false => "**failed**", null => "not run: " + Cell(claim.Reason ?? "") };

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
