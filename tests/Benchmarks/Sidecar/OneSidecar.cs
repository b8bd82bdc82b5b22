using Samples.Runtime;

namespace Samples.Benchmarks.Sidecar;

/// <summary>
/// The embedded runtime with one sidecar, whose broker and store are in memory: what is measured is not a disk. Prints its HTTP and gRPC
/// ports; ends when its input ends.
/// </summary>
internal static class OneSidecar
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: pubsub
        spec:
          type: pubsub.in-memory
          version: v1
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: statestore
        spec:
          type: state.in-memory
          version: v1
        """;

    public static async Task RunAsync(string folder)
    {
        var resources = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "memory.yaml"), Components);
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var sidecar = await runtime.AddSidecarAsync(
            new SidecarOptions("log-sidecar") { ResourcePaths = [resources], BaseDirectory = folder });
        Console.WriteLine($"{sidecar.HttpPort} {sidecar.GrpcPort}");
        await Console.In.ReadToEndAsync();
    }
}
