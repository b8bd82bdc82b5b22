using System.Collections.Concurrent;
using Grpc.Core;
using Samples.Runtime.Apps;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Configuration of one application: what it reads, and the changes that it follows until it says that it has enough.</summary>
internal sealed class ConfigurationBlock(SidecarContext context)
{
    private readonly ConcurrentDictionary<string, Func<ValueTask>> _subscriptions = new(StringComparer.Ordinal);

    /// <summary>The way to the application, for who tells it about changes.</summary>
    public IAppChannel App => context.App;

    /// <summary>The items of <paramref name="keys"/> that exist; all items where the list is empty.</summary>
    public Task<IReadOnlyDictionary<string, ConfigurationItem>> GetAsync(string store, string[] keys, CancellationToken cancel)
    {
        var engine = Find(store);
        return context.Policies.GovernAsync(store, ComponentKind.Configuration, "ERR_CONFIGURATION_GET",
            $"failed to get [{string.Join(' ', keys)}] from Configuration store {store}", stop => engine.GetAsync(keys, stop), cancel);
    }

    /// <summary>
    /// Calls <paramref name="changed"/> for changes until <see cref="EndAsync"/> gets <paramref name="id"/>; then <paramref name="ended"/>
    /// is called.
    /// </summary>
    public async Task FollowAsync(
        string store,
        string[] keys,
        string id,
        Func<IReadOnlyDictionary<string, ConfigurationItem>, Task> changed,
        Action? ended,
        CancellationToken cancel)
    {
        var engine = Find(store);
        var subscription = await context.Policies.GovernAsync(store, ComponentKind.Configuration, "ERR_CONFIGURATION_SUBSCRIBE",
            $"failed to subscribe [{string.Join(' ', keys)}] from Configuration store {store}",
            stop => engine.SubscribeAsync(keys, changed, stop), cancel);
        _subscriptions[id] = async () =>
        {
            await subscription.DisposeAsync();
            ended?.Invoke();
        };
    }

    /// <summary>Ends a subscription; false where there is none of that id.</summary>
    public async Task<bool> EndAsync(string id)
    {
        if (!_subscriptions.TryRemove(id, out var end))
            return false;
        await end();
        return true;
    }

    /// <summary>Ends all subscriptions.</summary>
    public async Task EndAllAsync()
    {
        foreach (var id in _subscriptions.Keys)
            await EndAsync(id);
    }

    /// <summary>The store. Throws <see cref="ApiException"/> where this application sees none of that name.</summary>
    public IConfigurationStore Find(string store) => context.Components.Find<IConfigurationStore>(store)
        ?? throw (context.Components.All.Any(c => c.Engine is IConfigurationStore)
            ? new ApiException(
                400, "ERR_CONFIGURATION_STORE_NOT_FOUND", StatusCode.InvalidArgument, $"configuration store {store} not found")
            : new ApiException(500, "ERR_CONFIGURATION_STORE_NOT_CONFIGURED", StatusCode.FailedPrecondition,
                "configuration stores not configured"));
}
