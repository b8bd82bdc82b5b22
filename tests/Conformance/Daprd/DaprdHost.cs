using Samples.Conformance.Redis;
using Samples.Runtime;

namespace Samples.Conformance.Daprd;

/// <summary>
/// Daprd for one machine: a process for each sidecar, and as soon as a resource asks for it, a Redis server (<c>{redisHost}</c>), or
/// placement and scheduler (a store for actors). Everything listens on loopback, on free ports, and ends with the machine.
/// </summary>
internal sealed class DaprdHost(string folder) : ITestedDapr
{
    private readonly List<DaprdSidecar> _sidecars = [];
    private RedisServer? _redis;
    private ControlPlane? _controlPlane;

    public async Task<ITestedSidecar> AddAsync(SidecarOptions options, CancellationToken cancel)
    {
        var own = Directory.CreateDirectory(Path.Combine(folder, "daprd", Guid.NewGuid().ToString())).FullName;
        var resources = await WriteResourcesAsync(own, options, cancel);
        List<string> configurations = [await WriteNameResolutionAsync(own, cancel)];
        if (options.ConfigurationFile is { } file)
            configurations.Add(Path.Combine(options.BaseDirectory, file));
        var sidecar = await DaprdSidecar.StartAsync(options, resources, configurations, _controlPlane, cancel);
        _sidecars.Add(sidecar);
        return sidecar;
    }

    private async Task<string> WriteResourcesAsync(string own, SidecarOptions options, CancellationToken cancel)
    {
        var resources = Directory.CreateDirectory(Path.Combine(own, "resources")).FullName;
        foreach (var file in options.ResourcePaths.SelectMany(p => Directory.Exists(p) ? Directory.GetFiles(p) : [p]))
        {
            // Daprd sees a Resiliency resource only where it is the first document of its file.
            var documents = (await ResolveAsync(await File.ReadAllTextAsync(file, cancel), options, cancel)).Split("\n---\n");
            foreach (var (i, document) in documents.Index())
                await File.WriteAllTextAsync(
                    Path.Combine(resources, $"{Path.GetFileNameWithoutExtension(file)}-{i:00}.yaml"), document, cancel);
        }

        return resources;
    }

    // The default would send multicast to the network.
    private async Task<string> WriteNameResolutionAsync(string own, CancellationToken cancel)
    {
        var names = Path.Combine(own, "names.yaml");
        await File.WriteAllTextAsync(names, $$"""
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata: {name: names}
            spec:
              nameResolution:
                component: sqlite
                configuration: {connectionString: "{{Path.Combine(folder, "names.db")}}"}
            """, cancel);
        return names;
    }

    private async Task<string> ResolveAsync(string yaml, SidecarOptions options, CancellationToken cancel)
    {
        if (yaml.Contains("actorStateStore", StringComparison.Ordinal))
            _controlPlane ??= await ControlPlane.StartAsync(folder, cancel);
        if (yaml.Contains("{redisHost}", StringComparison.Ordinal))
            _redis ??= await RedisServer.StartAsync(cancel);
        var variables = options.Variables.Where(v => v.Value.Length > 0).Append(KeyValuePair.Create("redisHost", _redis?.Host ?? ""));
        return variables.Aggregate(
            yaml, (text, variable) => text.Replace($"{{{variable.Key}}}", variable.Value, StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Task.WhenAll(_sidecars.Select(s => s.StopAsync()));
        }
        finally
        {
            if (_controlPlane is not null)
                await _controlPlane.DisposeAsync();
            if (_redis is not null)
                await _redis.DisposeAsync();
        }
    }
}
