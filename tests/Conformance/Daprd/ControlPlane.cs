namespace Samples.Conformance.Daprd;

/// <summary>Placement and scheduler of one machine, on loopback.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly Server _placement, _scheduler;

    private ControlPlane(Server placement, Server scheduler, string placementAddress, string schedulerAddress)
    {
        _placement = placement;
        _scheduler = scheduler;
        PlacementAddress = placementAddress;
        SchedulerAddress = schedulerAddress;
    }

    public string PlacementAddress { get; }

    public string SchedulerAddress { get; }

    public static async Task<ControlPlane> StartAsync(string folder, CancellationToken cancel)
    {
        var (placement, placementPort) = await StartPlacementAsync(folder, cancel);
        try
        {
            var (scheduler, schedulerPort) = await StartSchedulerAsync(folder, cancel);
            return new ControlPlane(placement, scheduler, $"127.0.0.1:{placementPort}", $"127.0.0.1:{schedulerPort}");
        }
        catch
        {
            await placement.DisposeAsync();
            throw;
        }
    }

    private static Task<(Server, int)> StartPlacementAsync(string folder, CancellationToken cancel) => FreePorts.TryAsync(3, ports =>
        ReadyAsync(new Server(Executables.Placement, folder,
        [
            "--listen-address", "127.0.0.1", "--port", $"{ports[0]}", "--healthz-listen-address", "127.0.0.1", "--healthz-port",
            $"{ports[1]}", "--enable-metrics=false",
            "--metadata-enabled", "--initial-cluster", $"dapr-placement-0=127.0.0.1:{ports[2]}",
        ]), ports[1], cancel));

    private static Task<(Server, int)> StartSchedulerAsync(string folder, CancellationToken cancel) => FreePorts.TryAsync(4, ports =>
        ReadyAsync(new Server(Executables.Scheduler, folder,
        [
            "--listen-address", "127.0.0.1", "--port", $"{ports[0]}", "--healthz-listen-address", "127.0.0.1", "--healthz-port",
            $"{ports[1]}", "--enable-metrics=false",
            "--etcd-data-dir", Path.Combine(folder, $"etcd-{ports[0]}"), "--etcd-client-port", $"{ports[2]}", "--etcd-initial-cluster",
            $"dapr-scheduler-server-0=http://localhost:{ports[3]}",
            "--override-broadcast-host-port", $"127.0.0.1:{ports[0]}",
        ]), ports[1], cancel));

    private static async Task<Server> ReadyAsync(Server server, int healthPort, CancellationToken cancel)
    {
        await server.WaitForAsync($"http://127.0.0.1:{healthPort}/healthz", cancel);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _placement.DisposeAsync();
        await _scheduler.DisposeAsync();
    }
}
