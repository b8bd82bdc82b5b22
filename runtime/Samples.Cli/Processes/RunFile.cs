using System.Diagnostics;
using System.Text.Json;

namespace Samples.Cli.Processes;

/// <summary>
/// What other invocations of the command need to know of a run. It holds the control token, so only its owner may read it.
/// </summary>
/// <param name="Pid">The command's process.</param>
/// <param name="Started">When that process started, so that a later process with the same id is not mistaken for it.</param>
/// <param name="Patterns">What it runs.</param>
/// <param name="Control">Address of the control interface.</param>
/// <param name="Token">Its token.</param>
/// <param name="Data">Where the data and logs of the run are.</param>
/// <param name="Kind"><c>run</c> or <c>tour</c>.</param>
internal sealed record RunFile(
    int Pid, DateTime Started, IReadOnlyList<string> Patterns, string Control, string Token, string Data, string Kind = "run")
{
    /// <summary>Of this process.</summary>
    public static RunFile OfThisProcess(IReadOnlyList<string> patterns, string control, string token, string data, string kind)
    {
        using var process = Process.GetCurrentProcess();
        return new RunFile(process.Id, process.StartTime.ToUniversalTime(), patterns, control, token, data, kind);
    }

    /// <summary>Writes the file; disposing the result removes it.</summary>
    public IDisposable Publish(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, $"run-{Pid}.json");
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // Complete or not at all: another invocation that finds half a file would take its run for dead.
        using (var file = new FileStream(path + ".new", options))
            JsonSerializer.Serialize(file, this);
        File.Move(path + ".new", path, overwrite: true);
        return new Removal(path);
    }

    /// <summary>The runs that are alive. Files of runs that were killed are removed.</summary>
    public static IReadOnlyList<RunFile> Find(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var found = new List<RunFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "run-*.json").Order(StringComparer.Ordinal))
        {
            var run = Read(path);
            if (run?.IsAlive() == true)
            {
                found.Add(run);
                continue;
            }

            File.Delete(path);
            if (run is not null && Native.StartOf(run.Pid) is null)
                Leftovers.RemoveDiagnostics(run.Pid);
        }

        return found;
    }

    private static RunFile? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunFile>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            return null;
        }
    }

    /// <summary>Whether that process is still there.</summary>
    public bool IsAlive() => Native.StartOf(Pid) is { } start && Math.Abs((start - Started).TotalSeconds) < 2;

    private sealed class Removal(string path) : IDisposable
    {
        public void Dispose() => File.Delete(path);
    }
}
