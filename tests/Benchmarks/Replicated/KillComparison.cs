using Samples.Benchmarks.Ambassador;

namespace Samples.Benchmarks.Replicated;

/// <summary>
/// Three dictionaries whose answers take a while, so that requests are under way at the one that is killed: once behind each door.
/// </summary>
internal sealed class KillComparison(string folder)
{
    private const int Kills = 3, PerSecond = 300;
    private const string Path = "/define/System.Object";
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1), Load = TimeSpan.FromSeconds(3), Patience = TimeSpan.FromMinutes(2);

    public async Task RunAsync(Action<Finding> report, CancellationToken cancel)
    {
        int[] ports = [Tool.FreePort(), Tool.FreePort(), Tool.FreePort()];
        var replicas = new Tool?[3];
        try
        {
            for (var i = 0; i < 3; i++)
                replicas[i] = await StartAsync(ports[i], cancel);
            await using var ours = await Door.StartOursAsync(ports, cancel);
            await using var nginx = await Door.StartNginxAsync(folder, ports, cancel);
            await using var haproxy = await Door.StartHaproxyAsync(folder, ports, cancel);
            Door[] doors = [ours, nginx, haproxy];
            var failed = doors.ToDictionary(d => d, _ => 0);
            for (var kill = 0; kill < Kills; kill++)
            {
                foreach (var door in doors)
                    failed[door] += await LoseAsync(door, ports, replicas, kill % 3, cancel);
            }

            foreach (var peer in (Door[])[nginx, haproxy])
            {
                report(new Finding(
                    $"front-door, {Kills} replicas get SIGKILL under load: requests that fail, to {peer.Name}",
                    failed[ours], failed[peer], $"of {Kills * PerSecond * Load.TotalSeconds:0}", "no more", failed[ours] <= failed[peer]));
            }
        }
        finally
        {
            foreach (var replica in replicas.OfType<Tool>())
                await replica.DisposeAsync();
        }
    }

    private static async Task<int> LoseAsync(Door door, int[] ports, Tool?[] replicas, int victim, CancellationToken cancel)
    {
        // All replicas get connections, and are known to be well.
        await OpenLoop.RunAsync(door.Address + Path, PerSecond, Before, cancel);
        var load = OpenLoop.RunAsync($"{door.Address}{Path}?delayMs=100", PerSecond, Load, cancel);
        await Task.Delay(Before, cancel);
        await replicas[victim]!.DisposeAsync();
        replicas[victim] = null;
        var failed = (await load).Failed;
        replicas[victim] = await StartAsync(ports[victim], cancel);
        return failed;
    }

    private static async Task<Tool> StartAsync(int port, CancellationToken cancel)
    {
        var tool = await Tool.StartServiceAsync(
            "Samples.Dictionary", port, cancel, ("APP_PORT", $"{port}"), ("FAULTS", "true"));
        using var http = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        while (!(await http.GetAsync($"http://127.0.0.1:{port}/readyz", limit.Token)).IsSuccessStatusCode)
            await Task.Delay(50, limit.Token);
        return tool;
    }
}
