using System.Text.Json;
using Dapr.Client;

namespace Samples.QueueManager;

/// <summary>
/// The records of all items in Dapr state. Every change is a compare-and-swap on the ETag that was read, so that two managers that
/// both believe to be active cannot overwrite each other: safety rests here, leadership only saves work.
/// </summary>
public sealed class ItemBook(DaprClient dapr, QueueOptions options)
{
    private const int PageSize = 200;
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>All items, found through pages of ids: Dapr state has no way to list keys.</summary>
    public async Task<IReadOnlyList<WorkItem>> LoadAsync(CancellationToken cancel)
    {
        var items = new List<WorkItem>();
        for (var page = 0; await PageAsync(page, cancel) is { } ids; page++)
        {
            var found = await dapr.GetBulkStateAsync(options.Store, [.. ids.Select(Key)], parallelism: 8, cancellationToken: cancel);
            items.AddRange(found.Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => Read(f.Value)));
        }

        return items;
    }

    private Task<List<string>?> PageAsync(int page, CancellationToken cancel) =>
        dapr.GetStateAsync<List<string>?>(options.Store, PageKey(page), cancellationToken: cancel);

    private WorkItem Read(string record) => JsonSerializer.Deserialize<WorkItem>(record, dapr.JsonSerializerOptions)!;

    /// <summary>
    /// Adds new items: their records and their place in a page in one transaction. False where another manager was first; then what
    /// is known is out of date.
    /// </summary>
    public async Task<bool> TryAddAsync(IReadOnlyList<WorkItem> items, int known, CancellationToken cancel)
    {
        for (var added = 0; added < items.Count;)
        {
            var page = (known + added) / PageSize;
            var (ids, etag) = await dapr.GetStateAndETagAsync<List<string>?>(options.Store, PageKey(page), cancellationToken: cancel);
            ids ??= [];
            if (ids.Count != (known + added) % PageSize)
                return false;
            var fitting = items.Skip(added).Take(PageSize - ids.Count).ToList();
            ids.AddRange(fitting.Select(i => i.Id));
            try
            {
                await dapr.ExecuteStateTransactionAsync(options.Store,
                [
                    Upsert(PageKey(page), ids, etag), .. fitting.Select(i => Upsert(Key(i.Id), i, etag: null)),
                ], cancellationToken: cancel);
            }
            catch (Dapr.DaprException) when (!cancel.IsCancellationRequested)
            {
                return false;
            }

            added += fitting.Count;
        }

        return true;
    }

    /// <summary>One item; null where it is unknown.</summary>
    public async Task<WorkItem?> FindAsync(string id, CancellationToken cancel) =>
        await dapr.GetStateAsync<WorkItem?>(options.Store, Key(id), cancellationToken: cancel);

    /// <summary>
    /// Changes an item: reads, asks <paramref name="change"/> (null: leave it), compares and swaps, and begins again where another was
    /// faster. Returns the item as it is then; null where it is unknown.
    /// </summary>
    public async Task<WorkItem?> UpdateAsync(string id, Func<WorkItem, WorkItem?> change, CancellationToken cancel)
    {
        while (true)
        {
            var (item, etag) = await dapr.GetStateAndETagAsync<WorkItem?>(options.Store, Key(id), cancellationToken: cancel);
            if (item is null || change(item) is not { } changed)
                return item;
            if (await dapr.TrySaveStateAsync(options.Store, Key(id), changed, etag, cancellationToken: cancel))
                return changed;
        }
    }

    /// <summary>
    /// Changes two items at once: one reading and one transaction, in which each record must still have the ETag that was read. Null where
    /// a change is not due, where another was faster, and where nobody can say what became of it: then change one after the other. A
    /// change asks its item whether it is due, so that trying it again does no harm.
    /// </summary>
    public async Task<(WorkItem First, WorkItem Second)?> TryUpdateBothAsync(
        (string Id, Func<WorkItem, WorkItem?> Change) first, (string Id, Func<WorkItem, WorkItem?> Change) second, CancellationToken cancel)
    {
        try
        {
            var found = await dapr.GetBulkStateAsync(
                options.Store, [Key(first.Id), Key(second.Id)], parallelism: 2, cancellationToken: cancel);
            if (Change(first) is not var (one, oneETag) || Change(second) is not var (two, twoETag))
                return null;
            await dapr.ExecuteStateTransactionAsync(options.Store,
            [
                Upsert(Key(one.Id), one, oneETag), Upsert(Key(two.Id), two, twoETag),
            ], cancellationToken: cancel);
            return (one, two);

            (WorkItem Item, string ETag)? Change((string Id, Func<WorkItem, WorkItem?> To) change)
            {
                var record = found.FirstOrDefault(f => f.Key == Key(change.Id));
                return record is { Value.Length: > 0 } && change.To(Read(record.Value)) is { } item ? (item, record.ETag) : null;
            }
        }
        catch (Dapr.DaprException) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private StateTransactionRequest Upsert<T>(string key, T value, string? etag) => new(key,
        JsonSerializer.SerializeToUtf8Bytes(value, dapr.JsonSerializerOptions), StateOperationType.Upsert,
        string.IsNullOrEmpty(etag) ? null : etag, options: FirstWrite);

    private static string Key(string id) => "item-" + Uri.EscapeDataString(id);

    private static string PageKey(int page) => $"items-{page}";
}
