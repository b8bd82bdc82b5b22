using Samples.Runtime;

namespace Samples.Benchmarks.Runtime;

/// <summary>The embedded runtime with a caller's and an application's sidecar. Prints their HTTP ports; ends when its input ends.</summary>
internal static class BenchmarkRuntime
{
    public static async Task RunAsync(int appPort, string folder)
    {
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var options =
            new SidecarOptions("app") { AppPort = appPort, ResourcePaths = [Path.Combine(folder, "components")], BaseDirectory = folder };
        var app = await runtime.AddSidecarAsync(options);
        await app.WaitForAppAsync(CancellationToken.None);
        var caller = await runtime.AddSidecarAsync(options with { AppId = "caller", AppPort = null });
        Console.WriteLine($"{caller.HttpPort} {app.HttpPort}");
        await Console.In.ReadToEndAsync();
    }

    /// <summary>As many sidecars without applications. Prints their HTTP ports; ends when its input ends.</summary>
    public static async Task RunManyAsync(int count, string folder)
    {
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var ports = new List<int>();
        for (var i = 0; i < count; i++)
        {
            var sidecar = await runtime.AddSidecarAsync(
                new SidecarOptions($"app-{i}") { ResourcePaths = [Path.Combine(folder, "memory")], BaseDirectory = folder });
            ports.Add(sidecar.HttpPort);
        }

        Console.WriteLine(string.Join(' ', ports));
        await Console.In.ReadToEndAsync();
    }
}
