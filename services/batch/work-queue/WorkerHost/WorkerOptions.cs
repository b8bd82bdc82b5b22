namespace Samples.WorkerHost;

/// <summary>What this host runs, and for whom.</summary>
public sealed record WorkerOptions
{
    /// <summary>App id of the queue [QUEUE_APP_ID].</summary>
    public required string Queue { get; init; }

    /// <summary>App id of the source [SOURCE_APP_ID].</summary>
    public required string Source { get; init; }

    /// <summary>The worker program and its arguments, separated by spaces [WORKER_COMMAND]: any executable.</summary>
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
        var command = (configuration["WORKER_COMMAND"] ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (command.Length == 0)
            throw new InvalidOperationException("WORKER_COMMAND is not set; name the worker program, for example 'dotnet Samples.Thumbnailer.dll'.");
        return new WorkerOptions
        {
            Queue = configuration["QUEUE_APP_ID"] ?? "queue-manager",
            Source = configuration["SOURCE_APP_ID"] ?? "source-files",
            Command = command,
            TimeLimit = TimeSpan.FromSeconds(Positive(configuration, "WORKER_TIMEOUT_SECONDS", 60)),
            Output = Path.GetFullPath(configuration["WORKER_OUTPUT"] ?? Path.Combine(configuration["SAMPLES_DATA"] ?? ".samples/work-queue", "thumbnails")),
            Idle = TimeSpan.FromMilliseconds(Positive(configuration, "IDLE_MS", 100)),
            Drain = TimeSpan.FromSeconds(Positive(configuration, "DRAIN_SECONDS", 5)),
            Name = configuration["SAMPLES_REPLICA"] ?? $"{Environment.MachineName}-{Environment.ProcessId}",
        };
    }

    private static double Positive(IConfiguration configuration, string name, double otherwise)
    {
        var value = configuration.GetValue(name, otherwise);
        return value > 0 ? value : throw new InvalidOperationException($"{name} is {value}; give a number above 0.");
    }
}
