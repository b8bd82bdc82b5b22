using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Samples.Benchmarks;

/// <summary>The command of one comparison: runs it, shows a table, keeps the record.</summary>
internal static class CompareCommand
{
    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web)
        {
            WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            // The ratio of nothing to nothing.
            NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        };

    public static Command For(IComparison comparison)
    {
        var seconds = new Option<double>("--seconds") { Description = "How long each measurement lasts.", DefaultValueFactory = _ => 5 };
        var json = new Option<FileInfo?>("--json") { Description = "Keep the record in this file." };
        var command = new Command(comparison.Name, comparison.Description) { seconds, json };
        command.SetAction(
            (parsed, cancel) => RunAsync(comparison, TimeSpan.FromSeconds(parsed.GetValue(seconds)), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(IComparison comparison, TimeSpan duration, FileInfo? json, CancellationToken cancel)
    {
        var findings = new List<Finding>();
        try
        {
            await comparison.RunAsync(duration, finding =>
            {
                findings.Add(finding);
                AnsiConsole.Console.Profile.Out.Writer.WriteLine(
                    $"{finding.What}: {finding.Ours:0.###} to {finding.Peer:0.###} {finding.Unit}, ratio {finding.Ratio:0.00}");
            }, cancel);
        }
        catch (MissingPeerException missing)
        {
            await Console.Error.WriteLineAsync($"compare {comparison.Name}: {missing.Message}");
            return 1;
        }

        Show(findings);
        if (json is not null)
            await File.WriteAllTextAsync(
                json.FullName,
                JsonSerializer.Serialize(new { comparison = comparison.Name, seconds = duration.TotalSeconds, findings }, Json),
                cancel);
        return findings.Any(f => f.Met == false) ? 1 : 0;
    }

    private static void Show(List<Finding> findings)
    {
        var table = new Table().RoundedBorder();
        table.AddColumns("what", "ours", "peer", "unit", "ratio", "goal", "");
        foreach (var finding in findings)
        {
            var mark = finding.Met switch { true => "[green]met[/]", false => "[red]missed[/]", null => "" };
            table.AddRow(
                new Text(finding.What), new Text($"{finding.Ours:0.###}"), new Text($"{finding.Peer:0.###}"), new Text(finding.Unit),
                new Text($"{finding.Ratio:0.00}"), new Text(finding.Goal), new Markup(mark));
        }

        AnsiConsole.Write(table);
        foreach (var finding in findings.Where(f => f.Bound.Length > 0))
            AnsiConsole.Console.Profile.Out.Writer.WriteLine($"{finding.What}: {finding.Bound}");
    }
}
