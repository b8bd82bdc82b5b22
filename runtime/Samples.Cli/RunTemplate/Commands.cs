using Samples.Runtime.Resources;

namespace Samples.Cli.RunTemplate;

/// <summary>
/// The command of a template's entry, checked before anything starts: a program that is not there cannot be restarted into being.
/// </summary>
internal static class Commands
{
    /// <summary>Program and arguments; a path among them is relative to the app's folder. Empty for a sidecar alone.</summary>
    public static IReadOnlyList<string> Read(YamlMap app, string appId, string directory)
    {
        var command = app.Texts("command");
        if (command.Count == 0)
            return [];
        if (Find(command[0], directory) is not { } program)
        {
            throw app.ErrorAt("command", $"app '{appId}' runs '{command[0]}', which is not on PATH or in '{directory}'.",
                "Install it, or correct 'command'.");
        }

        // What follows the first is for the application.
        if (command[0] == "dotnet"
            && command.FirstOrDefault(c => c.EndsWith(".dll", StringComparison.Ordinal)) is { } assembly
            && !File.Exists(Path.GetFullPath(assembly, directory)))
        {
            throw app.ErrorAt("command", $"app '{appId}' runs '{assembly}', which is not built.",
                "Build first: `dotnet build`; or correct the path.");
        }

        return [program, .. command.Skip(1)];
    }

    /// <summary>Where a program is: as the shell finds it, from <paramref name="directory"/>. Null where it is not.</summary>
    public static string? Find(string program, string directory)
    {
        string[] endings = OperatingSystem.IsWindows() ? ["", ".exe", ".cmd", ".bat"] : [""];
        var folders = program.Contains('/') || program.Contains(Path.DirectorySeparatorChar)
            ? [directory]
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.SelectMany(folder => endings.Select(e => Path.GetFullPath(program + e, Path.GetFullPath(folder, directory))))
            .FirstOrDefault(IsProgram);
    }

    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static bool IsProgram(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & Executable) != 0);
}
