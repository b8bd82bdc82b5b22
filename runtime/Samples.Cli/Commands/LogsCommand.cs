using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples logs</c>: what replicas wrote, of runs that are alive and of the last ones.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var replicas = new Argument<string[]>("replica")
        {
            Description = "Replicas or apps, such as worker-host-1 or worker-host; all by default.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var lines = new Option<int>("--lines", "-n") { Description = "Last lines of each.", DefaultValueFactory = _ => 20 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on showing what is written, until Ctrl-C." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "The data folder that the run was started with." };
        lines.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && int.TryParse(token.Value, out var number) && number < 0)
                result.AddError("--lines is 0 or more.");
        });
        var command = new Command("logs", "Show the last log lines of replicas.") { replicas, lines, follow, data }.WithExamples(
            ("samples logs", "the last lines of every replica"), ("samples logs -f", "and go on"),
            ("samples logs queue-manager -n 100 -f", "of one app's replicas"), ("samples logs sidecar", "of the sidecars"));
        command.SetAction((result, _) => Errors.ShowAsync(() =>
            ShowAsync(result.GetValue(replicas)!, result.GetValue(lines), result.GetValue(follow), result.GetValue(data)?.FullName)));
        return command;
    }

    private static async Task<int> ShowAsync(string[] replicas, int lines, bool follow, string? data)
    {
        var repository = Repository.Find();
        bool Wanted(string name) => replicas.Length == 0 || replicas.Any(
            r => name == r || (name.StartsWith(r + "-", StringComparison.Ordinal) && int.TryParse(name[(r.Length + 1)..], out _)));
        List<string> Files() => [.. (data is null ? RunFile.Find(repository.Data).Select(r => r.Data).Append(repository.Data) : [data])
            .Distinct().Select(d => Path.Combine(d, "logs")).Where(Directory.Exists).SelectMany(d => Directory.GetFiles(d, "*.log"))
            .Order(StringComparer.Ordinal)];

        var all = Files();
        bool Is(string name, string replica) => name == replica || name.StartsWith(replica + "-", StringComparison.Ordinal);
        foreach (var unknown in replicas.Where(r => !all.Any(f => Is(NameOf(f), r))))
        {
            throw new ResourceException(Origin.Code, $"there are no logs of '{unknown}'.",
                all.Count > 0 ? $"There are: {string.Join(", ", all.Select(NameOf).Distinct())}." : "Run a pattern first.");
        }

        // Runs in several data folders may have equal replicas.
        var several = all.Select(Path.GetDirectoryName).Distinct().Count() > 1;
        void Show(string file, string line) =>
            LogLine.Show(
                AnsiConsole.Console,
                several ? $"{Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file)))}/{NameOf(file)}" : NameOf(file),
                line);

        if (all.Count == 0)
            throw new ResourceException(Origin.Code, "there are no logs yet.", "Run a pattern first.");
        using var interruption = new Interruption();
        var tails = new Dictionary<string, LogTail>();
        foreach (var file in all.Where(f => Wanted(NameOf(f))))
        {
            tails[file] = new LogTail(file);
            foreach (var line in tails[file].Read().TakeLast(lines))
                Show(file, line);
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (follow && await timer.WaitForNextTickAsync(interruption.Token))
        {
            foreach (var file in Files().Where(f => Wanted(NameOf(f))))
            {
                if (!tails.TryGetValue(file, out var tail))
                    tails[file] = tail = new LogTail(file);
                foreach (var line in tail.Read())
                    Show(file, line);
            }
        }

        return 0;
    }

    private static string NameOf(string file) => Path.GetFileNameWithoutExtension(file);
}
