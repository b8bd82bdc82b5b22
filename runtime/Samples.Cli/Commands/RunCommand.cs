using System.CommandLine;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Cli.Sidecars;
using Samples.Lab;
using Samples.Runtime.Resources;
using Spectre.Console;
using YamlDotNet.RepresentationModel;

namespace Samples.Cli.Commands;

/// <summary><c>samples run</c>: patterns until Ctrl-C.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), PatienceWithOthers = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var patterns =
            new Argument<string[]>("pattern") { Description = "Patterns to run; see `samples list`.", Arity = ArgumentArity.ZeroOrMore };
        var files = new Option<FileInfo[]>("--file", "-f")
        {
            Description = "A Dapr multi-app run template of your own, or a folder with a dapr.yaml; several times.",
            DefaultValueFactory = _ => [],
        };
        var freePorts = new Option<bool>("--free-ports") { Description = "Ignore the template's ports and take free ones." };
        var data = new Option<DirectoryInfo?>("--data") { Description = "Where everything is kept; .samples in the checkout by default." };
        var folder = new Option<DirectoryInfo?>("--folder")
        {
            Description = "Your own files as the pattern's input (work-queue: a folder of pictures).",
        };
        var fresh = new Option<bool>("--fresh") { Description = "Forget what an earlier run kept." };
        var runtime = RuntimeChoice.Option();
        var components = ComponentsOption.Create();
        var single = new SingleApp();
        var command = new Command("run", "Run patterns, templates or one application until Ctrl-C.")
        {
            patterns, files, runtime, components, freePorts, data, folder, fresh,
        }.WithExamples(
            ("samples run work-queue", "one pattern on the ports of its page"),
            ("samples run work-queue --folder ~/Pictures", "on your own pictures"),
            ("samples run work-queue --free-ports --data /tmp/second", "a second one beside it"),
            ("samples run work-queue --components redis", "on the Redis server of this machine"),
            ("samples run work-queue --runtime daprd", "on real Dapr sidecars and Redis"),
            ("samples run -f my/dapr.yaml", "your own Dapr multi-app run template"),
            ("samples run --app-id shop --app-port 8080 -- node shop.js", "one application, as `dapr run` does"),
            ("samples run --app-id shop --app-port 8080", "a sidecar for one that runs already, perhaps under a debugger"));
        foreach (var option in single.Options)
            command.Options.Add(option);
        command.SetAction((result, _) => Errors.ShowAsync(() => RunAsync(new Wishes(
            result.GetValue(patterns)!, result.GetValue(files)!, result.GetValue(freePorts), result.GetValue(data), result.GetValue(folder),
            result.GetValue(fresh),
            RuntimeChoice.Resolve(result.GetValue(runtime)!), result.GetValue(components),
            single.Read(result, result.GetValue(patterns)!)))));
        return command;
    }

    private static async Task<int> RunAsync(Wishes wishes)
    {
        using var interruption = new Interruption();
        var repository = Repository.Find();
        var entries = ReadTemplates(repository, wishes);
        if (wishes.Folder is { Exists: false } missing)
            throw new ResourceException(Origin.Code, $"the folder '{missing.FullName}' does not exist.", "Name one with your files.");
        var data = wishes.Data?.FullName ?? repository.Data;
        RefuseSecondRun(repository, entries, data);
        if (!wishes.FreePorts)
            RefuseSharedPorts(entries);
        if (wishes.Fresh)
            Forget(entries, data, wishes.Runtime);

        var console = AnsiConsole.Console;
        foreach (var note in entries.SelectMany(e => e.Ignored.Select(i => (e.Pattern, i))).Distinct())
            console.MarkupLineInterpolated($"[grey]note: {note.Pattern}: {note.i}[/]");
        if (wishes.Runtime == RuntimeKind.Daprd)
            console.MarkupLine("[grey]sidecars: daprd, with placement, scheduler and Redis of this machine[/]");
        try
        {
            var patience = entries.TrueForAll(e => e.Restarts) ? Patience : PatienceWithOthers;
            var how = new LiveRunOptions("run", data, wishes.FreePorts, console, patience) { Runtime = wishes.Runtime };
            if (wishes.Folder is not null)
                how = how with { Environment = new Dictionary<string, string> { ["SAMPLES_FOLDER"] = wishes.Folder.FullName } };
            else
                await SeedAsync(entries, data, interruption.Token);
            await using var run = await LiveRun.StartAsync(repository, entries, how, interruption.Token);
            Summary.Show(console, await run.Suite.ListAsync(interruption.Token), data);
            foreach (var unready in run.Unready)
                console.MarkupLineInterpolated($"[yellow]note: {unready.Note}[/]");
            if (await EndAsync(run, wishes, interruption) is { } exit)
            {
                console.WriteLine("stopped, as the application has ended");
                return exit == 0 ? 0 : 1;
            }

            console.MarkupLine("[grey]stopping: every service finishes what it has begun; Ctrl-C again ends at once[/]");
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            // Stopped while it started.
        }

        console.WriteLine("stopped");
        return 0;
    }

    // The exit code of a single application, whose end is the end of the run; null where somebody stops the run.
    private static async Task<int?> EndAsync(LiveRun run, Wishes wishes, Interruption interruption)
    {
        var asked = interruption.WaitAsync();
        if (wishes.Single is null || run.Suite.Members.FirstOrDefault(m => !m.Entry.IsSidecarAlone) is not { } only)
            await asked;
        else if (await Task.WhenAny(asked, only.Rested) == only.Rested)
            return await only.Rested ?? 1;
        return null;
    }

    private static List<RunEntry> ReadTemplates(Repository repository, Wishes wishes)
    {
        if (wishes.Single is not null)
        {
            if (wishes.Files.Length > 0)
                throw new ResourceException(
                    Origin.Code, "-f and options of a single application exclude each other.", "Put them into the template.");
            return [TemplateReader.ReadSingle(wishes.Single, repository.Root, wishes.Runtime.Components(repository, wishes.Components))];
        }

        var templates = wishes.Patterns.Select(n => TemplateOf(repository, n)).Concat(wishes.Files.Select(f => f.FullName)).Distinct()
            .ToList();
        if (templates.Count == 0)
        {
            throw new ResourceException(Origin.Code, "nothing to run.",
                $"Name a pattern ({string.Join(", ", repository.Patterns.Select(p => p.Name))}) or a template with -f FILE.");
        }

        return
        [
            .. templates.SelectMany(t => TemplateReader.Read(t, repository.Root, wishes.Runtime.Components(repository, wishes.Components)))
        ];
    }

    // A pattern's name goes first: it is also a folder, for who stands beside it.
    private static string TemplateOf(Repository repository, string name)
    {
        if (repository.Patterns.FirstOrDefault(p => p.Name == name) is { } pattern)
            return pattern.Template;
        if (File.Exists(name) || File.Exists(Path.Combine(name, "dapr.yaml")))
            return Path.GetFullPath(name);
        if (Directory.Exists(name))
            throw new ResourceException(Origin.Code, $"the folder '{name}' has no dapr.yaml.", "Name a template with -f FILE.");
        return repository.Require(name).Template;
    }

    private static void RefuseSecondRun(Repository repository, List<RunEntry> entries, string data)
    {
        foreach (var other in RunFile.Find(repository.Data).Where(r => r.Data == data))
        {
            if (entries.FirstOrDefault(e => other.Patterns.Contains(e.Pattern)) is { } both)
                throw new ResourceException(
                    Origin.Code,
                    $"'{both.Pattern}' already runs (process {other.Pid}).",
                    "Stop it with `samples stop`, or give this run its own --data and --free-ports.");
        }
    }

    // Within a template its reader has looked already.
    private static void RefuseSharedPorts(List<RunEntry> entries)
    {
        var ports = entries.SelectMany(e => new[] { e.AppPort ?? 0, e.DaprHttpPort, e.DaprGrpcPort }.Select(p => (Port: p, e.Pattern)));
        foreach (var port in ports.Where(p => p.Port > 0).GroupBy(p => p.Port))
        {
            if (port.Select(p => p.Pattern).Distinct().ToList() is [var one, var other, ..])
                throw new ResourceException(
                    Origin.Code,
                    $"'{one}' and '{other}' both want port {port.Key}.",
                    "Run with --free-ports, or change one of the templates.");
        }
    }

    private static void Forget(List<RunEntry> entries, string data, RuntimeKind runtime)
    {
        var names = entries.Select(e => e.Pattern).Distinct().Concat(runtime == RuntimeKind.Daprd ? ["dapr"] : []);
        foreach (var folder in names.Select(n => Path.Combine(data, n)).Where(Directory.Exists))
            Directory.Delete(folder, recursive: true);
    }

    private static async Task SeedAsync(List<RunEntry> entries, string data, CancellationToken cancel)
    {
        foreach (var pattern in entries.Select(e => e.Pattern).Distinct())
        {
            // Written at the end: a run that was killed in the middle is followed by one that begins again.
            var folder = Path.Combine(data, pattern);
            var mark = Path.Combine(folder, "seeded");
            if (File.Exists(mark) || Lab.Experiments.All.FirstOrDefault(e => e.Pattern == pattern) is not { } experiment)
                continue;
            await experiment.SeedAsync(Directory.CreateDirectory(folder).FullName, cancel);
            await File.WriteAllTextAsync(mark, "", cancel);
        }
    }

    private sealed record Wishes(
        string[] Patterns,
        FileInfo[] Files,
        bool FreePorts,
        DirectoryInfo? Data,
        DirectoryInfo? Folder,
        bool Fresh,
        RuntimeKind Runtime,
        string? Components,
        YamlMappingNode? Single);
}
