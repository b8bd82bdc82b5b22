using System.Text.RegularExpressions;
using Samples.Defaults;

namespace Samples.WorkerHost;

/// <summary>What this host runs, and for whom.</summary>
public sealed partial record WorkerOptions
{
    /// <summary>App id of the queue [QUEUE_APP_ID].</summary>
    public required string Queue { get; init; }

    /// <summary>App id of the source [SOURCE_APP_ID].</summary>
    public required string Source { get; init; }

    /// <summary>
    /// The worker program and its arguments, separated by spaces, in double quotes where they contain some: any executable
    /// [WORKER_COMMAND, else DEFAULT_WORKER_COMMAND: what the run template names when you name none].
    /// </summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>How long it may take for one item [WORKER_TIMEOUT_SECONDS].</summary>
    public required TimeSpan TimeLimit { get; init; }

    /// <summary>Where results go [WORKER_OUTPUT, else <c>thumbnails</c> in the data folder].</summary>
    public required string Output { get; init; }

    /// <summary>Wait before asking again when nothing is ready [IDLE_MS].</summary>
    public required TimeSpan Idle { get; init; }

    /// <summary>How long an item may still take when the host is asked to stop [DRAIN_SECONDS].</summary>
    public required TimeSpan Drain { get; init; }

    /// <summary>This host's name [SAMPLES_REPLICA].</summary>
    public required string Name { get; init; }

    /// <summary>Reads and checks the settings.</summary>
    public static WorkerOptions From(IConfiguration configuration)
    {
        var own = configuration["WORKER_COMMAND"] is { Length: > 0 } set ? set : configuration["DEFAULT_WORKER_COMMAND"] ?? "";
        string[] command = [.. Words().Matches(own).Select(w => w.Value.Trim('"'))];
        if (command.Length == 0)
            throw new WrongSettingException(
                "WORKER_COMMAND is not set; name the worker program, for example 'dotnet Samples.Thumbnailer.dll'.");
        if (!Exists(command[0]))
            throw new WrongSettingException(
                $"WORKER_COMMAND names '{command[0]}', which is no program here; give its full path, or install it on PATH.");
        return new WorkerOptions
        {
            Queue = configuration["QUEUE_APP_ID"] ?? "queue-manager",
            Source = configuration["SOURCE_APP_ID"] ?? "source-files",
            Command = command,
            TimeLimit = configuration.Seconds("WORKER_TIMEOUT_SECONDS", 60, 0.001, 86_400),
            Output = Path.GetFullPath(
                configuration["WORKER_OUTPUT"] ?? Path.Combine(configuration["SAMPLES_DATA"] ?? ".samples/work-queue", "thumbnails")),
            Idle = TimeSpan.FromMilliseconds(configuration.Number("IDLE_MS", 100, 1, 60_000)),
            Drain = configuration.Seconds("DRAIN_SECONDS", 5, 0.001, 86_400),
            Name = configuration["SAMPLES_REPLICA"] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
        };
    }

    // Found now, or every item would fail for a reason that has nothing to do with it.
    private static bool Exists(string program) => program.Contains(Path.DirectorySeparatorChar) ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".exe")));

    [GeneratedRegex("\"[^\"]*\"|[^ ]+")]
    private static partial Regex Words();
}
