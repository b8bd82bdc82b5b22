using System.Text.Json;
using Dapr;
using Dapr.Client;

namespace Samples.FunctionHost;

/// <summary>Compare-and-swap on Dapr state, also on what is not there yet.</summary>
public static class FirstWrites
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>Writes where the record is still as it was read, an empty ETag for none; false where somebody else was first.</summary>
    public static async Task<bool> TryWriteAsync<T>(
        this DaprClient dapr, string store, string key, T value, string etag, IReadOnlyDictionary<string, string>? metadata,
        CancellationToken cancel)
    {
        try
        {
            return await dapr.TrySaveStateAsync(store, key, value, etag, FirstWrite, metadata, cancel);
        }
        catch (DaprException) when (etag.Length == 0)
        {
            // daprd on Redis calls it a failure of its own where the record is there already.
            var (_, now) = await dapr.GetStateAndETagAsync<JsonElement?>(store, key, cancellationToken: cancel);
            if (now is { Length: > 0 })
                return false;
            throw;
        }
    }
}
