using System.CommandLine;
using System.Net;
using System.Net.NetworkInformation;
using Samples.Cli.Processes;
using Samples.Cli.RunTemplate;
using Spectre.Console;

namespace Samples.Cli.Commands;

/// <summary><c>samples doctor</c>: what this machine has, and what that means.</summary>
internal static class DoctorCommand
{
    private static readonly (string Program, string Needed)[] Tools =
    [
        ("dapr", "`dapr run -f` with Dapr's own sidecars"),
        ("daprd", "real sidecars without the Dapr CLI"),
        ("docker", "`docker compose up`"),
        ("redis-server", "tests of the Redis engines"),
        ("kubectl", "Kubernetes"),
    ];

    public static Command Create()
    {
        var command = new Command("doctor", "Say what this machine has and what that means.");
        command.SetAction((_, _) => Errors.ShowAsync(() => Task.FromResult(Examine())));
        return command;
    }

    private static int Examine()
    {
        var repository = Repository.Find();
        var table = new Table().RoundedBorder().AddColumns("what", "found", "meaning");
        table.AddRow(".NET", Environment.Version.ToString(), "enough for `run` and `tour`: nothing else is needed");
        foreach (var (program, needed) in Tools)
        {
            var path = Locate(program);
            table.AddRow(program, Markup.Escape(path ?? "no"), path is null ? $"[grey]not possible: {needed}[/]" : $"possible: {needed}");
        }

        var redis = Listens(6379);
        table.AddRow("Redis on 6379", redis ? "yes" : "no", redis ? "components/redis can be used" : "[grey]components/redis needs one[/]");
        AddPorts(table, repository);
        foreach (var run in RunFile.Find(repository.Data))
            table.AddRow("a run", $"process {run.Pid}", $"{Markup.Escape(string.Join(", ", run.Patterns))}; stop it with `samples stop`");
        AnsiConsole.Write(table);
        return 0;
    }

    private static void AddPorts(Table table, Repository repository)
    {
        var inUse = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(e => e.Port).ToHashSet();
        foreach (var pattern in repository.Patterns)
        {
            var taken = TemplateReader.Read(pattern.Template, repository.Root)
                .SelectMany(e => new[] { e.AppPort ?? 0, e.DaprHttpPort, e.DaprGrpcPort }).Where(p => p > 0 && inUse.Contains(p)).Order().ToList();
            table.AddRow($"ports of {Markup.Escape(pattern.Name)}", taken.Count == 0 ? "free" : $"taken: {string.Join(", ", taken)}",
                taken.Count == 0 ? "`run` can have them" : "run with --free-ports, or stop what has them");
        }
    }

    private static string? Locate(string program)
    {
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append(Path.Combine(home, ".dapr", "bin"))
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    private static bool Listens(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(e => e.Port == port && (IPAddress.IsLoopback(e.Address) || e.Address.Equals(IPAddress.Any) || e.Address.Equals(IPAddress.IPv6Any)));
}
