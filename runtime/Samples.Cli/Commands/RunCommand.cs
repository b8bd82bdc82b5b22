using System.CommandLine;
using Microsoft.Extensions.Logging;
using Samples.Cli.Control;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Lab.Experiments;
using Samples.Runtime;
using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples run</c>: patterns until Ctrl-C.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Command Create()
    {
        var patterns = new Argument<string[]>("pattern") { Description = "Patterns to run; see `samples list`.", Arity = ArgumentArity.ZeroOrMore };
        var file = new Option<FileInfo?>("--file", "-f") { Description = "A Dapr multi-app run template of your own." };
        var freePorts = new Option<bool>("--free-ports") { Description = "Ignore the template's ports and take free ones." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "Where everything is kept; .samples in the checkout by default." };
        var folder = new Option<DirectoryInfo?>("--folder") { Description = "Your own files as the pattern's input (work-queue: a folder of pictures)." };
        var fresh = new Option<bool>("--fresh") { Description = "Forget what an earlier run kept." };
        var command = new Command("run", "Run patterns until Ctrl-C.") { patterns, file, freePorts, data, folder, fresh };
        command.SetAction((result, _) => Errors.ShowAsync(() => RunAsync(
            result.GetValue(patterns)!, result.GetValue(file), result.GetValue(freePorts), result.GetValue(data), result.GetValue(folder), result.GetValue(fresh))));
        return command;
    }

    private static async Task<int> RunAsync(string[] names, FileInfo? file, bool freePorts, DirectoryInfo? data, DirectoryInfo? folder, bool fresh)
    {
        using var interruption = new Interruption();
        var repository = Repository.Find();
        var templates = names.Select(n => repository.Require(n).Template).Concat(file is null ? [] : [file.FullName]).Distinct().ToList();
        if (templates.Count == 0)
        {
            throw new ResourceException(Origin.Code, "nothing to run.",
                $"Name a pattern ({string.Join(", ", repository.Patterns.Select(p => p.Name))}) or a template with -f FILE.");
        }

        if (folder is { Exists: false })
            throw new ResourceException(Origin.Code, $"the folder '{folder.FullName}' does not exist.", "Name one with your files.");
        var entries = templates.SelectMany(t => TemplateReader.Read(t, repository.Root)).ToList();
        var dataFolder = data?.FullName ?? repository.Data;
        RefuseSecondRun(repository, entries, dataFolder);
        if (fresh)
            Forget(entries, dataFolder);

        var console = AnsiConsole.Console;
        using var logs = new ReplicaLogs(Path.Combine(dataFolder, "logs"), console);
        using var loggers = LoggerFactory.Create(l => l.SetMinimumLevel(LogLevel.Warning).AddProvider(new LogLines(logs)));
        await using var runtime = new DaprRuntime(new RuntimeOptions { Loggers = loggers });
        var options = new SuiteOptions(dataFolder, freePorts, logs.Write);
        if (folder is not null)
            options = options with { Environment = new Dictionary<string, string> { ["SAMPLES_FOLDER"] = folder.FullName } };
        else
            await SeedAsync(entries, options, interruption.Token);
        await using var suite = new Suite(runtime, options);
        await using var control = await ControlServer.StartAsync(suite, interruption.Token);
        options.Control = (control.Address, control.Token);
        var process = System.Diagnostics.Process.GetCurrentProcess();
        using var published = new RunFile(process.Id, process.StartTime.ToUniversalTime(), [.. entries.Select(e => e.Pattern).Distinct()],
            control.Address.ToString(), control.Token, dataFolder).Publish(repository.Data);
        try
        {
            await suite.StartAsync(entries, interruption.Token);
            await suite.WaitReadyAsync(Patience, interruption.Token);
            await using var autoscaler = Autoscaler.Start(suite, logs.Write);
            ShowSummary(console, suite, dataFolder);
            await Task.Delay(Timeout.Infinite, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            console.MarkupLine("[grey]stopping: every service finishes what it has begun; Ctrl-C again ends at once[/]");
        }

        return 0;
    }

    private static void RefuseSecondRun(Repository repository, List<RunEntry> entries, string data)
    {
        foreach (var other in RunFile.Find(repository.Data).Where(r => r.Data == data))
        {
            if (entries.FirstOrDefault(e => other.Patterns.Contains(e.Pattern)) is { } both)
                throw new ResourceException(Origin.Code, $"'{both.Pattern}' already runs (process {other.Pid}).", "Stop it with `samples stop`, or give this run its own --data and --free-ports.");
        }
    }

    private static void Forget(List<RunEntry> entries, string data)
    {
        foreach (var folder in entries.Select(e => Path.Combine(data, e.Pattern)).Distinct().Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    private static async Task SeedAsync(List<RunEntry> entries, SuiteOptions options, CancellationToken cancel)
    {
        foreach (var pattern in entries.Select(e => e.Pattern).Distinct())
        {
            // Written at the end: a run that was killed in the middle is followed by one that begins again.
            var mark = Path.Combine(options.DataOf(pattern), "seeded");
            if (File.Exists(mark) || Experiments.All.FirstOrDefault(e => e.Pattern == pattern) is not { } experiment)
                continue;
            await experiment.SeedAsync(Directory.CreateDirectory(options.DataOf(pattern)).FullName, cancel);
            await File.WriteAllTextAsync(mark, "", cancel);
        }
    }

    private static void ShowSummary(IAnsiConsole console, Suite suite, string data)
    {
        var table = new Table().RoundedBorder().AddColumns("replica", "state", "address", "HTTP", "gRPC", "process");
        foreach (var replica in suite.Members.Select(m => m.Describe()))
        {
            table.AddRow(replica.Name, replica.State, replica.AppPort > 0 ? $"http://127.0.0.1:{replica.AppPort}" : "-",
                $"{replica.DaprHttpPort}", $"{replica.DaprGrpcPort}", $"{replica.Pid}");
        }

        console.Write(table);
        console.WriteLine($"data and logs: {data}");
        console.WriteLine("Ctrl-C stops everything.");
    }
}
