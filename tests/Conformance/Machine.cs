using System.Net.Http.Json;
using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Samples.Runtime.BuildingBlocks.Actors;
using Xunit;

namespace Samples.Conformance;

/// <summary>
/// A machine of its own for one test: Dapr (embedded, or the daprd that the suite is pointed at), a folder, sidecars with the
/// components given, applications on free ports.
/// </summary>
internal sealed class Machine : IAsyncDisposable
{
    private readonly List<WebApplication> _apps = [];
    private ITestedDapr? _dapr;

    public string Folder { get; } = Directory.CreateTempSubdirectory("samples-machine-").FullName;

    public ITestedDapr Dapr => _dapr ??= Start(Folder);

    /// <summary>The Dapr under test, for what lives in <paramref name="folder"/>.</summary>
    public static ITestedDapr Start(string folder) =>
        Executables.AreGiven ? new DaprdHost(folder) : new EmbeddedDapr(new RuntimeOptions { ActorHealth = Patient });

    // An application that is slow because the machine is busy is not taken for a dead one; a refused connection still tells at once.
    private static ActorHealth Patient { get; } = ActorHealth.Default with { Timeout = TimeSpan.FromMinutes(5) };

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async Task<ITestedSidecar> StartAsync(string components, int? appPort = null, string appId = "app1")
    {
        var resources = Directory.CreateDirectory(Path.Combine(Folder, "components")).FullName;
        await File.WriteAllTextAsync(Path.Combine(resources, "all.yaml"), components, Cancel);
        var sidecar = await Dapr.AddAsync(
            new SidecarOptions(appId) { AppPort = appPort, ResourcePaths = [resources], BaseDirectory = Folder }, Cancel);
        await sidecar.WaitForAppAsync(Cancel);
        return sidecar;
    }

    /// <summary>A sidecar with resources of any kind and settings of its own.</summary>
    public async Task<ITestedSidecar> StartAsync(SidecarOptions options, string resources, string? configuration = null)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "resources", Guid.NewGuid().ToString())).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "all.yaml"), resources, Cancel);
        if (configuration is not null)
            await File.WriteAllTextAsync(Path.Combine(Folder, options.AppId + ".yaml"), configuration, Cancel);
        var sidecar = await Dapr.AddAsync(options with
        {
            ResourcePaths = [folder],
            BaseDirectory = Folder,
            ConfigurationFile = configuration is null ? null : options.AppId + ".yaml",
        }, Cancel);
        await sidecar.WaitForAppAsync(Cancel);
        return sidecar;
    }

    /// <summary>An application; the result is its port.</summary>
    public async Task<int> StartAppAsync(Action<WebApplication> map, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        configure?.Invoke(builder);
        var app = builder.Build();
        _apps.Add(app);
        map(app);
        await app.StartAsync(Cancel);
        return new Uri(app.Urls.First()).Port;
    }

    public static DaprClient Client(ITestedSidecar sidecar) => new DaprClientBuilder()
        .UseHttpEndpoint($"http://127.0.0.1:{sidecar.HttpPort}").UseGrpcEndpoint($"http://127.0.0.1:{sidecar.GrpcPort}").Build();

    public static HttpClient Http(ITestedSidecar sidecar) => new() { BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}") };

    /// <summary>The status and the JSON of an answer; <c>null</c> for an empty body.</summary>
    public static async Task<(int Status, string Body)> AskAsync(HttpClient http, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await http.SendAsync(request, Cancel);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    /// <summary>
    /// A component. One on SQLite that keeps something stands on Redis where daprd is tested: it has fewer engines on SQLite, and Redis is
    /// what its users run.
    /// </summary>
    public static string Component(string name, string type, params (string Name, string Value)[] metadata) =>
        Executables.AreGiven && type.EndsWith(".sqlite", StringComparison.Ordinal)
        ? Resource(
            name, type.Replace(".sqlite", ".redis", StringComparison.Ordinal),
            [("redisHost", "{redisHost}"), .. metadata.Where(m => m.Name != "connectionString")])
        : Resource(name, type, metadata);

    private static string Resource(string name, string type, (string Name, string Value)[] metadata) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: {type}
          version: v1
          metadata:{string.Concat(metadata.Select(m => $"\n  - name: {m.Name}\n    value: {JsonSerializer.Serialize(m.Value)}"))}
        ---

        """;

    public async ValueTask DisposeAsync()
    {
        if (_dapr is not null)
            await _dapr.DisposeAsync();
        foreach (var app in _apps)
            await app.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
