using System.CommandLine;
using Samples.Cli.Daprd;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Samples.Runtime.Resources;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary>
/// <c>samples doctor</c>: what this machine has, and what that means. Exit code 1 means that a pattern cannot be run as it is.
/// </summary>
internal static class DoctorCommand
{
    private static readonly (string[] Programs, string Needed)[] Tools =
    [
        (["dapr"], "`dapr run -f` with Dapr's own sidecars"),
        (["docker"], "Docker Compose"),
        (["redis-server"], "tests of the Redis engines"),
        (["kubectl"], "Kubernetes"),
        (["chromium", "chromium-browser", "google-chrome", "msedge"], "tests of web pages"),
        (["git"], "the git sidecar's experiment"),
    ];

    public static Command Create()
    {
        var command = new Command(
            "doctor", "Say what this machine has and what that means; exit code 1 where a pattern cannot be run as it is.");
        command.SetAction((_, _) => Errors.ShowAsync(() => Task.FromResult(Examine())));
        return command;
    }

    private static int Examine()
    {
        var repository = Repository.Find();
        var listeners = Listeners.Find();
        var table = new Table().RoundedBorder().AddColumns("what", "found", "meaning");
        table.Columns[0].NoWrap();
        void Row(string what, string found, string meaning, Color colour) => table.AddRow(
            new Text(what), new Text(found), new Text(meaning, new Style(colour)));

        var runs = RunFile.Find(repository.Data);
        var fit = AddSdk(Row);
        foreach (var (programs, needed) in Tools)
        {
            var path = programs.Select(Locate).FirstOrDefault(p => p is not null);
            Row(
                programs[0],
                path ?? "no",
                path is null ? $"not possible: {needed}" : $"possible: {needed}",
                path is null ? Color.Grey : Color.Default);
        }

        AddDapr(Row, listeners);
        foreach (var pattern in repository.Patterns)
            fit &= AddPattern(Row, repository, pattern, listeners, runs);
        foreach (var run in runs)
            Row(
                $"a {run.Kind}",
                $"process {run.Pid}",
                $"{string.Join(", ", run.Patterns)}; stop it with `samples stop {run.Pid}`",
                Color.Default);
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine(fit ? "Every pattern can be run." : "Not every pattern can be run as it is; see above.");
        return fit ? 0 : 1;
    }

    private static bool AddSdk(Action<string, string, string, Color> row)
    {
        row(".NET runtime", Environment.Version.ToString(), "enough for `run` and `tour`: nothing else is needed", Color.Default);
        var dotnet = Locate("dotnet");
        row(
            "dotnet",
            dotnet ?? "no",
            dotnet is null ? "the templates start `dotnet`: put the SDK's folder on PATH" : "starts the services",
            dotnet is null ? Color.Red : Color.Default);
        return dotnet is not null;
    }

    private static void AddDapr(Action<string, string, string, Color> row, IReadOnlyDictionary<int, string> listeners)
    {
        (string, int)[] programs = [("daprd", 0), ("placement", DaprPrograms.PlacementPort), ("scheduler", DaprPrograms.SchedulerPort)];
        foreach (var (program, port) in programs)
        {
            var found = DaprPrograms.Locate(program) ?? (listeners.ContainsKey(port) ? $"a server on port {port}" : null);
            row(
                program,
                found ?? "no",
                found is null ? "`--runtime daprd` needs it: `dapr init --slim`, or DAPR_RUNTIME_PATH" : "for `--runtime daprd`",
                found is null ? Color.Grey : Color.Default);
        }

        row(
            "Redis", RedisServer.Missing is null ? RedisServer.Described : "no",
            RedisServer.Missing is { } missing ? $"`--runtime daprd` needs one: {missing}" : "for components/redis",
            RedisServer.Missing is null ? Color.Default : Color.Grey);
    }

    private static bool AddPattern(
        Action<string, string, string, Color> row,
        Repository repository,
        Pattern pattern,
        IReadOnlyDictionary<int, string> listeners,
        IReadOnlyList<RunFile> runs)
    {
        try
        {
            var ports = TemplateReader.Read(pattern.Template, repository.Root)
                .SelectMany(e => new[] { e.AppPort ?? 0, e.DaprHttpPort, e.DaprGrpcPort });
            var taken = ports.Where(p => p > 0 && listeners.ContainsKey(p)).Order().ToList();
            var ours = runs.Any(r => r.Patterns.Contains(pattern.Name));
            if (taken.Count == 0)
                row(pattern.Name, "its ports are free", "`run` can have them", Color.Default);
            else
                row(pattern.Name, string.Join("\n", taken.GroupBy(p => listeners[p]).Select(g => $"{string.Join(", ", g)}: {g.Key}")),
                    ours ? "it runs" : "ports are taken: run with --free-ports, or stop what has them",
                    ours ? Color.Default : Color.Yellow);
            return taken.Count == 0 || ours;
        }
        catch (ResourceException error)
        {
            row(pattern.Name, "cannot be run", error.Message, Color.Red);
            return false;
        }
    }

    private static string? Locate(string program)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return RunTemplate.Commands.Find(program, Environment.CurrentDirectory)
            ?? RunTemplate.Commands.Find(Path.Combine(home, ".dapr", "bin", program), home);
    }
}
