using Samples.Cli.Processes;
using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>What the command says when it is called without a word: what there is and what to type next.</summary>
internal static class Overview
{
    public static int Show()
    {
        var repository = Repository.Find();
        var console = AnsiConsole.Console;
        console.MarkupLine("[bold]Patterns of distributed systems, as services that run on this machine.[/]");
        console.WriteLine();
        var first = Lab.Experiments.All.Select(e => e.Pattern).FirstOrDefault(p => repository.Patterns.Any(r => r.Name == p))
            ?? repository.Patterns[0].Name;
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(2).PadRight(2)).AddColumn();
        foreach (var (line, does) in new[]
        {
            ($"samples tour {first}", "real traffic, processes killed while they work, and a table of what held"),
            ($"samples run {first}", "the pattern until Ctrl-C; open the addresses that it prints"),
            ("samples list", "every pattern and what it promises"),
            ("samples doctor", "what this machine has and what that means"),
            ("samples COMMAND --help", "options and examples"),
        })
            grid.AddRow(new Text(line, new Style(Color.Green)), new Text(does));
        console.Write(grid);
        console.WriteLine();
        console.WriteLine($"Patterns: {string.Join(", ", repository.Patterns.Select(p => p.Name))}");
        foreach (var run in RunFile.Find(repository.Data))
            console.WriteLine(
                $"Running: {string.Join(", ", run.Patterns)} (process {run.Pid}); `samples stop` ends it, `samples logs -f` follows it.");
        return 0;
    }
}
