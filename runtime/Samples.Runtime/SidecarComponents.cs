using Microsoft.Extensions.Logging;
using Samples.Runtime.Components;
using Samples.Runtime.Resources;

namespace Samples.Runtime;

/// <summary>The started components of one sidecar. Their engines go back to the run's pool when it ends.</summary>
internal sealed class SidecarComponents(
    ComponentPool pool, Func<Component, IEngine, IEngine> between, ILogger log) : IComponentLookup, IAsyncDisposable
{
    private readonly Dictionary<string, (Component Component, IEngine Engine)> _byName = new(StringComparer.Ordinal);
    private readonly List<Func<ValueTask>> _releases = [];

    /// <inheritdoc/>
    public IReadOnlyList<(Component Component, IEngine Engine)> All { get; private set; } = [];

    /// <inheritdoc/>
    public T? Find<T>(string name) where T : class, IEngine => _byName.GetValueOrDefault(name).Engine as T;

    /// <summary>Starts all. Throws <see cref="ResourceException"/> for one that cannot start and does not ignore that.</summary>
    public async Task StartAsync(IReadOnlyList<Component> components, string baseDirectory, CancellationToken cancel)
    {
        foreach (var component in InOrderOfStart(components))
        {
            try
            {
                var resolved = await SecretReference.ResolveAsync(component, Find<ISecretStore>, Warn, cancel);
                var (engine, release) = await pool.AcquireAsync(resolved, baseDirectory, cancel);
                _releases.Add(release);
                _byName.Add(component.Name, (resolved, between(resolved, engine)));
            }
            catch (ResourceException error) when (component.IgnoreErrors)
            {
                log.LogWarning("component left out because of ignoreErrors: {Problem}", error.Message);
            }
        }

        All = [.. components.Where(c => _byName.ContainsKey(c.Name)).Select(c => _byName[c.Name])];
    }

    private void Warn(string what) => log.LogWarning("{Warning}", what);

    // Secret stores come first, because the settings of others may be secrets.
    private static IEnumerable<Component> InOrderOfStart(IReadOnlyList<Component> components) => components
        .OrderBy(c => !EngineCatalog.IsSecretStore(c.Type))
        .ThenBy(c => c.SecretReferences.Count > 0);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var release in _releases)
            await release();
        _releases.Clear();
    }
}
