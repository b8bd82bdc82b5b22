using Dapr;
using Dapr.Client;
using Grpc.Core;

namespace Samples.Origin;

/// <summary>An edit of a document as it is stored.</summary>
public sealed record Edit(string Id, string Summary, long Version);

/// <summary>
/// The edits in Dapr state: one record, so that edits and their order are one thing. There are few of them; a store of many would keep a
/// record a document.
/// </summary>
public sealed class EditStore(DaprClient dapr, OriginOptions options)
{
    private const string Key = "edits";
    private static readonly StateOptions FirstWriteWins = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private string _etag = "";

    /// <summary>All edits. Throws <see cref="Dapr.DaprException"/> where the store does not answer.</summary>
    public async Task<IReadOnlyList<Edit>> ReadAsync(CancellationToken cancel)
    {
        var (edits, etag) = await dapr.GetStateAndETagAsync<Edit[]>(options.StateStore, Key, cancellationToken: cancel);
        _etag = etag ?? "";
        return edits ?? [];
    }

    /// <summary>Stores all edits; false where somebody else has stored others since they were read.</summary>
    public async Task<bool> SaveAsync(IReadOnlyCollection<Edit> edits, CancellationToken cancel)
    {
        if (!await (_etag.Length > 0
            ? dapr.TrySaveStateAsync(options.StateStore, Key, edits, _etag, FirstWriteWins, cancellationToken: cancel)
            : TryCreateAsync(edits, cancel)))
            return false;
        // Only a reading gives the next ETag.
        _etag = (await dapr.GetStateAndETagAsync<Edit[]>(options.StateStore, Key, cancellationToken: cancel)).etag ?? "";
        return true;
    }

    // Without an ETag "first write" means: only where nothing is there yet.
    private async Task<bool> TryCreateAsync(IReadOnlyCollection<Edit> edits, CancellationToken cancel)
    {
        try
        {
            await dapr.SaveStateAsync(options.StateStore, Key, edits, FirstWriteWins, cancellationToken: cancel);
            return true;
        }
        catch (DaprException error) when (error.InnerException is RpcException { StatusCode: StatusCode.Aborted })
        {
            return false;
        }
    }
}
