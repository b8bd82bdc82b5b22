using Samples.Runtime.Apps.Members;

namespace Samples.Runtime.Apps;

/// <summary>Where an application is, and how it wants to be called.</summary>
/// <param name="Port">Where it listens on loopback; null for one that is only a client.</param>
/// <param name="Protocol"><c>http</c> or <c>grpc</c>.</param>
public sealed record AppConnection(int? Port, string Protocol = "http")
{
    /// <summary>When set, the application gets it as <c>dapr-api-token</c>.</summary>
    public string? Token { get; init; }

    /// <summary>Most requests in the application at once; 0 means no limit.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>How it is asked for its health; null leaves it at whether its port listens.</summary>
    public AppHealthCheck? Health { get; init; }

    /// <summary>Set where the port is that of the application's sidecar in another process.</summary>
    public Relay? Relay { get; init; }
}
