using Grpc.Core;
using Samples.Runtime.Components;
using Samples.Runtime.Errors;
using Samples.Runtime.Resilience;

namespace Samples.Runtime.BuildingBlocks;

/// <summary>Secrets, read only: Dapr has no API that writes them. Who may read which, the configuration says.</summary>
internal sealed class SecretBlock(SidecarContext context)
{
    /// <summary>The values of one secret.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GetAsync(string store, string key, CancellationToken cancel)
    {
        var engine = Find(store);
        if (!Permits(store, key))
        {
            throw new ApiException(403, "ERR_PERMISSION_DENIED", StatusCode.PermissionDenied,
                $"access denied by policy to get \"{key}\" from \"{store}\"");
        }

        var failed = $"failed getting secret with key {key} from secret store {store}";
        return await GovernAsync(store, failed, stop => engine.GetAsync(key, stop), cancel)
            ?? throw new ApiException(500, "ERR_SECRET_GET", StatusCode.Internal, $"{failed}: secret {key} not found");
    }

    /// <summary>All secrets that the application may read.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(string store, CancellationToken cancel)
    {
        var engine = Find(store);
        var all = await GovernAsync(store, $"failed getting secrets from secret store {store}", engine.GetAllAsync, cancel);
        return all.Where(secret => Permits(store, secret.Key)).ToDictionary();
    }

    private Task<T> GovernAsync<T>(string store, string failed, Func<CancellationToken, Task<T>> call, CancellationToken cancel) =>
        context.Policies.GovernAsync(store, ComponentKind.Secretstore, "ERR_SECRET_GET", failed, call, cancel);

    private bool Permits(string store, string secret) =>
        context.Resources.Configuration.SecretScopes.FirstOrDefault(s => s.StoreName == store)?.Permits(secret) ?? true;

    private ISecretStore Find(string store)
    {
        if (context.Components.Find<ISecretStore>(store) is { } engine)
            return engine;
        // daprd tells "none configured" from "none of that name"; the status of the latter is 401 there.
        throw context.Components.All.Any(c => c.Engine is ISecretStore)
            ? new ApiException(401, "ERR_SECRET_STORE_NOT_FOUND", StatusCode.InvalidArgument,
                $"failed finding secret store with key {store}")
            : new ApiException(500, "ERR_SECRET_STORES_NOT_CONFIGURED", StatusCode.FailedPrecondition, "secret store is not configured");
    }
}
