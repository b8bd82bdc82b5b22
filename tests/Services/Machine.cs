using System.Diagnostics;
using System.Runtime.CompilerServices;
using Samples.Runtime;
using Xunit;

namespace Samples.Services;

/// <summary>
/// A machine of its own for one test: a runtime with a state store and a broker in memory, a folder, and services as real processes.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: statestore
        spec:
          type: state.in-memory
          version: v1
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: pubsub
        spec:
          type: pubsub.in-memory
          version: v1
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly List<Service> _services = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("samples-services-").FullName;

    public DaprRuntime Runtime { get; } = new(new RuntimeOptions());

    /// <summary>What sidecars ask of those who call them, and services show.</summary>
    public string? ApiToken { get; init; }

    /// <summary>What sidecars show to services, and services ask for.</summary>
    public string? AppToken { get; init; }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Waits until something is so; a test that waits in vain says for what, and what its services wrote.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> condition)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
                Assert.Fail($"Not within {Patience.TotalSeconds:0} s: {what}\n{string.Join('\n', _services.Select(s => s.Log))}");
            await Task.Delay(20, Cancel);
        }
    }

    /// <summary>A sidecar without an application: a client's way in.</summary>
    public Task<Samples.Runtime.Sidecar> AddSidecarAsync(string appId, int? appPort = null) => Runtime.AddSidecarAsync(
        new SidecarOptions(appId)
        {
            AppPort = appPort,
            ResourcePaths = [Resources()],
            BaseDirectory = Folder,
            ApiToken = ApiToken,
            AppToken = AppToken,
        },
        Cancel);

    /// <summary>Starts a built service with its sidecar; returns when it is ready.</summary>
    public async Task<Service> StartAsync(string project, string appId, params (string Name, string Value)[] environment)
    {
        var port = Service.FreePort();
        var sidecar = await AddSidecarAsync(appId, port);
        var service = Service.Start(project, port, sidecar,
        [
            ("APP_ID", appId), ("SAMPLES_DATA", Folder), ("SAMPLES_REPLICA", $"{appId}-{_services.Count + 1}"),
            ("DAPR_API_TOKEN", ApiToken ?? ""), ("APP_API_TOKEN", AppToken ?? ""), .. environment,
        ]);
        _services.Add(service);
        await service.WaitReadyAsync(Cancel);
        return service;
    }

    private string Resources()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "components")).FullName;
        File.WriteAllText(Path.Combine(folder, "all.yaml"), Components);
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
            await service.DisposeAsync();
        await Runtime.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>The checkout that these tests were built in.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find();

    /// <summary>A built program, of the configuration that these tests have.</summary>
    public static string Assembly(string project) => Path.Combine(
        Root, "artifacts", "bin", project, Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), project + ".dll");

    private static string Find([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", ".."));
}
