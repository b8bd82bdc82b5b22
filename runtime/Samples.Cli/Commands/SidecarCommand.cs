using System.CommandLine;
using Samples.Cli.DropIn;

namespace Samples.Cli.Commands;

/// <summary><c>samples sidecar</c>: one sidecar as a process, with daprd's flags.</summary>
internal static class SidecarCommand
{
    private const string LinkOption = "--link";
    private static readonly string[] Programs = ["daprd", "placement", "scheduler"];

    /// <summary>
    /// Null where the arguments are for another command; else the exit code. daprd's flags are read as daprd reads them, not as the rest
    /// of this command.
    /// </summary>
    public static Task<int>? Take(string[] args) => (InvokedAs.Name, args) switch
    {
        ("daprd", _) => DropInSidecar.RunAsync(args),
        ("placement" or "scheduler", _) => ControlPlaneStandIn.RunAsync(InvokedAs.Name, args),
        (_, ["sidecar", LinkOption, var folder]) => Errors.ShowAsync(() => Task.FromResult(Link(folder))),
        (_, ["sidecar", .. { Length: > 0 } flags]) => DropInSidecar.RunAsync(flags),
        _ => null,
    };

    /// <summary>For the help; what it does is in <see cref="Take"/>.</summary>
    public static Command Create()
    {
        var command = new Command("sidecar", "One sidecar as a process in the place of daprd; takes daprd's flags.")
        {
            new Option<DirectoryInfo>(LinkOption) { Description = "Make links there that tools start as daprd, placement and scheduler." },
        }.WithExamples(
            ("samples sidecar --app-id shop --app-port 8080 --dapr-http-port 3500", "a sidecar for an application that runs anyhow"),
            ("samples sidecar --link ~/drop-in", "~/drop-in/daprd, for tools that start one"));
        command.SetAction((_, _) => DropInSidecar.RunAsync([]));
        return command;
    }

    private static int Link(string folder)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "samples.exe" : "samples");
        Directory.CreateDirectory(folder);
        foreach (var name in Programs)
        {
            var link = Path.Combine(Path.GetFullPath(folder), OperatingSystem.IsWindows() ? name + ".exe" : name);
            if (new FileInfo(link) is { LinkTarget: null, Exists: true })
                throw new IOException($"'{link}' is there and is no link. Name another folder.");
            File.Delete(link);
            File.CreateSymbolicLink(link, program);
            Console.WriteLine(link);
        }

        return 0;
    }
}
