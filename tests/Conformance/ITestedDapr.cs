using Samples.Runtime;

namespace Samples.Conformance;

/// <summary>The Dapr of one test: the embedded runtime, or daprd with its placement and scheduler in processes of their own.</summary>
internal interface ITestedDapr : IAsyncDisposable
{
    /// <summary>Starts a sidecar; relative paths of its components resolve in the machine's folder.</summary>
    Task<ITestedSidecar> AddAsync(SidecarOptions options, CancellationToken cancel);
}

/// <summary>One sidecar of a test.</summary>
internal interface ITestedSidecar
{
    SidecarOptions Options { get; }

    int HttpPort { get; }

    int GrpcPort { get; }

    /// <summary>Completes when somebody asked the sidecar to end.</summary>
    Task ShutdownRequested { get; }

    /// <summary>Completes when the sidecar has taken up its application.</summary>
    Task WaitForAppAsync(CancellationToken cancel);

    /// <summary>Ends it in order.</summary>
    Task StopAsync();
}
