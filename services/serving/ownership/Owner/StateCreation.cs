using Dapr;
using Dapr.Client;

namespace Samples.Owner;

/// <summary>The first write of a key, which has no ETag yet.</summary>
public static class StateCreation
{
    /// <summary>
    /// Saves only where nothing is there yet: without an ETag that is what Dapr's "first write" means. False where another was first.
    /// </summary>
    public static async Task<bool> TryCreateAsync<T>(this DaprClient dapr, string store, string key, T value, CancellationToken cancel)
    {
        try
        {
            await dapr.SaveStateAsync(
                store, key, value, new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }, cancellationToken: cancel);
            return true;
        }
        catch (DaprException error) when (error.InnerException is Grpc.Core.RpcException { StatusCode: Grpc.Core.StatusCode.Aborted })
        {
            return false;
        }
    }
}
