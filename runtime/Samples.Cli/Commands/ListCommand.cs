using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Lab.Experiments;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples list</c>: what there is, and what runs.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var command = new Command("list", "List the patterns and what runs.");
        command.SetAction((_, _) => Errors.ShowAsync(() => Task.FromResult(List())));
        return command;
    }

    private static int List()
    {
        var repository = Repository.Find();
        var runs = RunFile.Find(repository.Data);
        var table = new Table().RoundedBorder().AddColumns("pattern", "promise", "tour", "runs");
        foreach (var pattern in repository.Patterns)
        {
            var run = runs.FirstOrDefault(r => r.Patterns.Contains(pattern.Name));
            table.AddRow(Markup.Escape(pattern.Name), Markup.Escape(pattern.Promise),
                Experiments.All.Any(e => e.Pattern == pattern.Name) ? "yes" : "no", run is null ? "-" : $"process {run.Pid}");
        }

        AnsiConsole.Write(table);
        return 0;
    }
}
