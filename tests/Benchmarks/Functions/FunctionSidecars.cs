using System.Globalization;
using Samples.Runtime;

namespace Samples.Benchmarks.Functions;

/// <summary>
/// The embedded runtime with the sidecars of a caller, of the decorator and of the API. Prints the caller's HTTP port and the others' HTTP
/// and gRPC ports; ends when its input ends.
/// </summary>
internal static class FunctionSidecars
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: statestore
        spec:
          type: state.in-memory
          version: v1
        """;

    public static async Task RunAsync(string decoratorPort, string apiPort, string folder)
    {
        var resources = Directory.CreateDirectory(Path.Combine(folder, "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "memory.yaml"), Components);
        await using var runtime = new DaprRuntime(new RuntimeOptions());
        var caller = await AddAsync("caller", null);
        var decorator = await AddAsync("decorator", int.Parse(decoratorPort, CultureInfo.InvariantCulture));
        var api = await AddAsync("user-api", int.Parse(apiPort, CultureInfo.InvariantCulture));
        Console.WriteLine($"{caller.HttpPort} {decorator.HttpPort} {decorator.GrpcPort} {api.HttpPort} {api.GrpcPort}");
        await Console.In.ReadToEndAsync();

        Task<Samples.Runtime.Sidecar> AddAsync(string appId, int? port) => runtime.AddSidecarAsync(
            new SidecarOptions(appId) { AppPort = port, ResourcePaths = [resources], BaseDirectory = folder });
    }
}
