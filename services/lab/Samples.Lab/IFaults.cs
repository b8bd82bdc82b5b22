namespace Samples.Lab;

/// <summary>Breaks and repairs running replicas.</summary>
public interface IFaults
{
    /// <summary>All replicas, as they are now.</summary>
    Task<IReadOnlyList<Replica>> ListAsync(CancellationToken cancellationToken);

    /// <summary>SIGKILL: the process gets no chance to say goodbye.</summary>
    Task KillAsync(string replica, CancellationToken cancellationToken);

    /// <summary>SIGSTOP: alive for the kernel, dead for everybody else.</summary>
    Task FreezeAsync(string replica, CancellationToken cancellationToken);

    /// <summary>SIGCONT: the process goes on as if no time had passed.</summary>
    Task ResumeAsync(string replica, CancellationToken cancellationToken);

    /// <summary>Starts a replica that is stopped; one that runs is left alone.</summary>
    Task StartAsync(string replica, CancellationToken cancellationToken);

    /// <summary>SIGTERM: the polite request, after which a service drains.</summary>
    Task TerminateAsync(string replica, CancellationToken cancellationToken);

    /// <summary>Takes a replica's sidecar away and starts it again on the same ports; the application keeps running.</summary>
    Task RestartSidecarAsync(string replica, CancellationToken cancellationToken);

    /// <summary>Sets the number of replicas of a service; returns how many there are then.</summary>
    Task<int> ScaleAsync(string appId, int replicas, CancellationToken cancellationToken);
}

/// <summary>One process of a service with its sidecar.</summary>
/// <param name="Name">The app id and a number, such as <c>worker-host-2</c>.</param>
/// <param name="AppId">The Dapr app id, shared by all replicas of a service.</param>
/// <param name="Pid">The process, 0 when there is none.</param>
/// <param name="AppPort">Where the service listens.</param>
/// <param name="DaprHttpPort">The sidecar's HTTP port.</param>
/// <param name="DaprGrpcPort">The sidecar's gRPC port.</param>
/// <param name="State">One of <c>starting</c>, <c>running</c>, <c>frozen</c>, <c>stopped</c>, <c>restarting</c>.</param>
public sealed record Replica(string Name, string AppId, int Pid, int AppPort, int DaprHttpPort, int DaprGrpcPort, string State);
