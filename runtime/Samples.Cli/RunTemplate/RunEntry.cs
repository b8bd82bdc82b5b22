namespace Samples.Cli.RunTemplate;

/// <summary>One replica of a service, as a Dapr multi-app run template names it, with paths made absolute.</summary>
public sealed record RunEntry(string AppId, string Directory, IReadOnlyList<string> Command)
{
    /// <summary>The pattern it belongs to: the name of the template's folder. Its data stand in a folder of that name.</summary>
    public required string Pattern { get; init; }

    /// <summary>Where the application listens; null for a client only.</summary>
    public int? AppPort { get; init; }

    /// <summary>The sidecar's HTTP port; 0 takes a free one.</summary>
    public int DaprHttpPort { get; init; }

    /// <summary>The sidecar's gRPC port; 0 takes a free one.</summary>
    public int DaprGrpcPort { get; init; }

    /// <summary>Resource folders and files.</summary>
    public IReadOnlyList<string> ResourcePaths { get; init; } = [];

    /// <summary>The application's environment, over the command's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary><c>http</c> unless the template says otherwise.</summary>
    public string AppProtocol { get; init; } = "http";

    /// <summary>Most requests in the application at once; 0 means no limit.</summary>
    public int MaxConcurrency { get; init; }
}
