using Samples.Runtime;
using Samples.Runtime.Apps;

namespace Samples.Cli.RunTemplate;

/// <summary>One replica of a service, as a Dapr multi-app run template names it, with paths made absolute.</summary>
public sealed record RunEntry(string AppId, string Directory, IReadOnlyList<string> Command)
{
    /// <summary>The pattern it belongs to: the name of the template's folder. Its data stand in a folder of that name.</summary>
    public required string Pattern { get; init; }

    /// <summary>Whether it is only a sidecar, for an application that somebody else starts.</summary>
    public bool IsSidecarAlone => Command.Count == 0;

    /// <summary>Whether its process is started again when it ends by itself.</summary>
    public bool Restarts { get; init; }

    /// <summary>Where the application listens; null for a client only.</summary>
    public int? AppPort { get; init; }

    /// <summary>The sidecar's HTTP port; 0 takes a free one.</summary>
    public int DaprHttpPort { get; init; }

    /// <summary>The sidecar's gRPC port; 0 takes a free one.</summary>
    public int DaprGrpcPort { get; init; }

    /// <summary>Resource folders and files.</summary>
    public IReadOnlyList<string> ResourcePaths { get; init; } = [];

    /// <summary>File with a Configuration resource; null for none.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>Health checks of the application; null leaves it at whether its port listens.</summary>
    public AppHealthCheck? HealthCheck { get; init; }

    /// <summary>The application's environment, over the command's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>What callers must show the sidecar (<c>DAPR_API_TOKEN</c>); null where nothing.</summary>
    public string? ApiToken => TokenOf("DAPR_API_TOKEN");

    /// <summary>What the sidecar shows the application (<c>APP_API_TOKEN</c>); null where nothing.</summary>
    public string? AppToken => TokenOf("APP_API_TOKEN");

    /// <summary><c>http</c> unless the template says otherwise.</summary>
    public string AppProtocol { get; init; } = "http";

    /// <summary>Most requests in the application at once; 0 means no limit.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>Largest request body that the sidecar takes, in bytes.</summary>
    public long MaxBodySize { get; init; } = 4 << 20;

    /// <summary>Whether the sidecar logs every call of its API.</summary>
    public bool ApiLogging { get; init; }

    /// <summary>
    /// The least severe of the sidecar's log lines that is kept: <c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c> or <c>fatal</c>.
    /// </summary>
    public string LogLevel { get; init; } = "warn";

    /// <summary>Where the application's log lines go.</summary>
    public LogDestination AppLog { get; init; } = LogDestination.FileAndConsole;

    /// <summary>Where the sidecar's log lines go. Dapr's default is the file alone; here they are few and on the console too.</summary>
    public LogDestination SidecarLog { get; init; } = LogDestination.FileAndConsole;

    /// <summary>Fields of the template that Dapr's sidecar would heed and the embedded one does not, each with the reason.</summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    // The application gets it from the same places.
    private string? TokenOf(string variable) =>
        (Environment.GetValueOrDefault(variable) ?? System.Environment.GetEnvironmentVariable(variable)) is { Length: > 0 } token
            ? token
            : null;
}

/// <summary>The log destinations of a Dapr run template.</summary>
[Flags]
public enum LogDestination
{
    /// <summary>The console alone.</summary>
    Console = 1,

    /// <summary>The log file alone.</summary>
    File = 2,

    /// <summary>Both.</summary>
    FileAndConsole = Console | File,
}
