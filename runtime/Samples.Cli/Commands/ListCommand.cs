using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Lab;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples list</c>: what there is, and what runs.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var command = new Command("list", "List the patterns, what each promises, and what runs.");
        command.SetAction((_, _) => Errors.ShowAsync(() => Task.FromResult(List())));
        return command;
    }

    private static int List()
    {
        var repository = Repository.Find();
        var runs = RunFile.Find(repository.Data);
        var table = new Table().RoundedBorder().AddColumns("pattern", "promise", "experiment", "runs");
        // The promise alone may be broken.
        foreach (var column in table.Columns.Where((_, i) => i != 1))
            column.NoWrap();
        foreach (var pattern in repository.Patterns)
        {
            table.AddRow(Markup.Escape(pattern.Name), Markup.Escape(pattern.Promise),
                Lab.Experiments.All.Any(e => e.Pattern == pattern.Name) ? "yes: `samples tour`" : "not yet",
                runs.Where(r => r.Patterns.Contains(pattern.Name)).Select(r => $"{r.Kind}, process {r.Pid}").DefaultIfEmpty("-")
                    .Aggregate((a, b) => $"{a}\n{b}"));
        }

        AnsiConsole.Write(table);
        foreach (var run in runs.Where(r => !r.Patterns.Any(p => repository.Patterns.Any(known => known.Name == p))))
            Console.WriteLine($"also running: {string.Join(", ", run.Patterns)}, a template of your own (process {run.Pid})");
        return 0;
    }
}
