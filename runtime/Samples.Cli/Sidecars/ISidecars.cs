using Samples.Cli.RunTemplate;

namespace Samples.Cli.Sidecars;

/// <summary>Gives replicas their sidecars. Disposed after the last of them, with all that they share.</summary>
internal interface ISidecars : IAsyncDisposable
{
    /// <summary>
    /// Starts a sidecar on the ports asked for, whether or not its application runs yet. Throws
    /// <see cref="Runtime.Resources.ResourceException"/> and leaves nothing behind then.
    /// </summary>
    Task<ISidecar> AddAsync(SidecarPlace place, CancellationToken cancel);

    /// <summary>
    /// Stores a value of the configuration store that the sidecars of a pattern share; <paramref name="data"/> is the pattern's folder.
    /// </summary>
    Task ConfigureAsync(string data, string key, string value, CancellationToken cancel);
}

/// <summary>The sidecar beside one replica.</summary>
internal interface ISidecar : IAsyncDisposable
{
    int HttpPort { get; }

    int GrpcPort { get; }

    /// <summary>Whether the application listens.</summary>
    bool AppReady { get; }

    /// <summary>Completes when its APIs answer. Throws <see cref="Runtime.Resources.ResourceException"/> where they never will.</summary>
    Task WaitForApiAsync(CancellationToken cancel);

    /// <summary>
    /// Completes when the application listens and the sidecar has begun to work for it. Throws
    /// <see cref="Runtime.Resources.ResourceException"/> where it never will.
    /// </summary>
    Task WaitForAppAsync(CancellationToken cancel);

    /// <summary>Another sidecar in its place, on the same ports.</summary>
    Task RestartAsync(CancellationToken cancel);
}

/// <summary>Where a sidecar belongs.</summary>
/// <param name="Replica">The replica's name.</param>
/// <param name="Entry">What the template says.</param>
/// <param name="AppPort">Where the application listens; null for a client only.</param>
/// <param name="HttpPort">The port of its HTTP API.</param>
/// <param name="GrpcPort">The port of its gRPC API.</param>
/// <param name="Data">The pattern's folder.</param>
internal sealed record SidecarPlace(string Replica, RunEntry Entry, int? AppPort, int HttpPort, int GrpcPort, string Data);
