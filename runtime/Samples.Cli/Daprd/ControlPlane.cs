using Samples.Cli.Processes;
using Samples.Runtime.Resources;

namespace Samples.Cli.Daprd;

/// <summary>Dapr's two servers on loopback: placement for actors, scheduler for jobs and reminders.</summary>
internal sealed class ControlPlane : IAsyncDisposable
{
    private readonly List<DaprProcess> _processes = [];

    private ControlPlane()
    {
    }

    /// <summary>Host and port of placement.</summary>
    public string Placement { get; private set; } = $"127.0.0.1:{DaprPrograms.PlacementPort}";

    /// <summary>Host and port of the scheduler.</summary>
    public string Scheduler { get; private set; } = $"127.0.0.1:{DaprPrograms.SchedulerPort}";

    /// <summary>
    /// Starts both, or takes those that <c>dapr init</c> runs in containers. Throws <see cref="ResourceException"/> and leaves nothing
    /// running.
    /// </summary>
    /// <param name="programs">What is installed.</param>
    /// <param name="launcher">Starts processes.</param>
    /// <param name="folder">Where the scheduler keeps its jobs.</param>
    /// <param name="log">Gets a name and a line.</param>
    /// <param name="cancel">Gives up.</param>
    public static async Task<ControlPlane> StartAsync(
        DaprPrograms programs, Launcher launcher, string folder, Action<string, string> log, CancellationToken cancel)
    {
        var plane = new ControlPlane();
        try
        {
            await Task.WhenAll(
                plane.StartPlacementAsync(programs.Placement, launcher, folder, log, cancel),
                plane.StartSchedulerAsync(programs.Scheduler, launcher, folder, log, cancel));
            return plane;
        }
        catch
        {
            await plane.DisposeAsync();
            throw;
        }
    }

    private async Task StartPlacementAsync(
        string? program, Launcher launcher, string folder, Action<string, string> log, CancellationToken cancel)
    {
        if (program is null)
        {
            RequireContainer("placement", DaprPrograms.PlacementPort);
            return;
        }

        var (port, health) = (FreePorts.Next(), FreePorts.Next());
        Placement = $"127.0.0.1:{port}";
        await StartAsync("placement", health,
        [
            program, "--listen-address", "127.0.0.1", "--port", $"{port}", "--healthz-listen-address", "127.0.0.1", "--healthz-port",
            $"{health}",
            "--initial-cluster", $"dapr-placement-0=127.0.0.1:{FreePorts.Next()}", "--enable-metrics=false", "--log-as-json", "--log-level",
            "warn",
        ], launcher, folder, log, cancel);
    }

    private async Task StartSchedulerAsync(
        string? program, Launcher launcher, string folder, Action<string, string> log, CancellationToken cancel)
    {
        if (program is null)
        {
            RequireContainer("scheduler", DaprPrograms.SchedulerPort);
            return;
        }

        var (port, health) = (FreePorts.Next(), FreePorts.Next());
        Scheduler = $"127.0.0.1:{port}";
        await StartAsync("scheduler", health,
        [
            program, "--listen-address", "127.0.0.1", "--port", $"{port}", "--healthz-listen-address", "127.0.0.1", "--healthz-port",
            $"{health}",
            "--override-broadcast-host-port", $"127.0.0.1:{port}", "--etcd-data-dir", Path.Combine(folder, "etcd"), "--etcd-client-port",
            $"{FreePorts.Next()}",
            "--etcd-initial-cluster", $"dapr-scheduler-server-0=http://localhost:{FreePorts.Next()}", "--enable-metrics=false",
            "--log-as-json", "--log-level", "warn",
        ], launcher, folder, log, cancel);
    }

    private async Task StartAsync(
        string name,
        int health,
        IReadOnlyList<string> command,
        Launcher launcher,
        string folder,
        Action<string, string> log,
        CancellationToken cancel)
    {
        var process = await DaprProcess.StartAsync(
            launcher, name, command, folder, new Dictionary<string, string>(), line => log(name, line));
        lock (_processes)
            _processes.Add(process);
        await process.AnswersAsync($"http://127.0.0.1:{health}/healthz", cancel);
    }

    private static void RequireContainer(string name, int port)
    {
        if (FreePorts.IsFree(port))
        {
            throw new ResourceException(
                Origin.Code, $"Dapr's {name} is neither a program on PATH or in ~/.dapr/bin, nor does one listen on port {port}.",
                "`dapr init --slim` installs the program, `dapr init` runs it in a container.");
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_processes.Select(p => p.DisposeAsync().AsTask()));
}
