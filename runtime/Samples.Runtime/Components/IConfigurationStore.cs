namespace Samples.Runtime.Components;

/// <summary>A store of configuration values that tells about changes.</summary>
public interface IConfigurationStore : IEngine
{
    /// <summary>The items of <paramref name="keys"/> that exist; all items where the list is empty.</summary>
    Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(IReadOnlyList<string> keys, CancellationToken cancel);

    /// <summary>
    /// Calls <paramref name="changed"/> for changes of <paramref name="keys"/> (all where empty) until the result is disposed.
    /// </summary>
    Task<IAsyncDisposable> SubscribeAsync(
        IReadOnlyList<string> keys, Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed, CancellationToken cancel);
}

/// <summary>A configuration value; <see cref="Version"/> is opaque.</summary>
public sealed record ConfigurationItem(string Value, string Version, IReadOnlyDictionary<string, string> Metadata);
