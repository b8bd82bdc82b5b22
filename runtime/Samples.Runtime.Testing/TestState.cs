using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>
/// A state store as one application has it, read and written past the sidecar: faults and policies do not matter here. Keys are the
/// application's own, without prefix. An item whose time to live is over is absent.
/// </summary>
public sealed class TestState
{
    private readonly IStateStore _store;
    private readonly string _prefix;

    internal TestState(IStateStore store, string prefix) => (_store, _prefix) = (store, prefix);

    /// <summary>The item, read from JSON with the defaults of the web; the default of its type where it is absent.</summary>
    public async Task<T?> GetAsync<T>(string key, CancellationToken cancel = default) =>
        await _store.GetAsync(_prefix + key, cancel) is { } item ? Json.Read<T>(item.Data) : default;

    /// <summary>Whether the item is there.</summary>
    public async Task<bool> HasAsync(string key, CancellationToken cancel = default) =>
        await _store.GetAsync(_prefix + key, cancel) is not null;

    /// <summary>Stores an item as JSON, for <paramref name="ttl"/> or for ever.</summary>
    public Task SetAsync<T>(string key, T value, TimeSpan? ttl = null, CancellationToken cancel = default) =>
        _store.WriteAsync([new StateWrite.Set(_prefix + key, Json.Write(value), Ttl: ttl)], cancel);

    /// <summary>Removes an item; one that is absent is no error.</summary>
    public Task DeleteAsync(string key, CancellationToken cancel = default) =>
        _store.WriteAsync([new StateWrite.Delete(_prefix + key)], cancel);

    /// <summary>All keys, in their order.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync(CancellationToken cancel = default) =>
        [.. (await _store.KeysWithPrefixAsync(_prefix, cancel)).Select(key => key[_prefix.Length..])];
}
