using System.CommandLine;
using Samples.Runtime.Resources;

namespace Samples.Cli.Commands;

/// <summary><c>samples logs</c>: what replicas wrote.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var replica = new Argument<string?>("replica") { Description = "A replica, such as worker-host-1; all by default.", Arity = ArgumentArity.ZeroOrOne };
        var lines = new Option<int>("--lines", "-n") { Description = "Last lines of each.", DefaultValueFactory = _ => 20 };
        var command = new Command("logs", "Show the last log lines of replicas.") { replica, lines };
        command.SetAction((result, _) => Errors.ShowAsync(() => Task.FromResult(Show(result.GetValue(replica), result.GetValue(lines)))));
        return command;
    }

    private static int Show(string? replica, int lines)
    {
        var folder = Path.Combine(Repository.Find().Data, "logs");
        var files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.log").Order(StringComparer.Ordinal).ToList() : [];
        var names = string.Join(", ", files.Select(f => Path.GetFileNameWithoutExtension(f)));
        if (replica is not null)
            files = [.. files.Where(f => Path.GetFileNameWithoutExtension(f) == replica)];
        if (files.Count == 0)
            throw new ResourceException(Origin.Code, replica is null ? "there are no logs yet." : $"there are no logs of '{replica}'.", names.Length > 0 ? $"There are: {names}." : "Run a pattern first.");
        foreach (var file in files)
        {
            foreach (var line in File.ReadLines(file).TakeLast(Math.Max(lines, 0)))
                Console.WriteLine($"{Path.GetFileNameWithoutExtension(file),-18} {line}");
        }

        return 0;
    }
}
