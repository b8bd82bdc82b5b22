using System.Text.Json;
using Dapr.Client;

namespace Samples.Stages;

/// <summary>
/// The seen ids of one input in Dapr state: a log with an entry a batch. Its head says which entries there are, and each batch writes head
/// and entry in one transaction on the head's ETag: of two replicas with the same batch one is second, reads what the first has written,
/// and finds that it has nothing left to do.
/// </summary>
public sealed class SeenLog(DaprClient dapr, string store, string name, TimeSpan kept, TimeProvider time)
{
    private const int ReadAtOnce = 100, MostRemovedAtOnce = 4;

    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    private readonly SeenWindow _window = new(kept);
    private SeenHead? _head;

    private string HeadKey => $"seen-{name}";

    /// <summary>How many ids it holds.</summary>
    public int Count => _window.Count;

    /// <summary>True for an id that was seen; <see cref="LoadAsync"/> comes first.</summary>
    public bool Contains(string id) => _window.Contains(id);

    /// <summary>Reads what there is, unless it was read before.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        if (_head is not null)
            return;
        var head = (await HeadAsync(cancel)).Head;
        _window.Clear();
        for (var from = head.First; from < head.Next; from += ReadAtOnce)
        {
            string[] keys = [.. Enumerable.Range(0, (int)Math.Min(ReadAtOnce, head.Next - from)).Select(i => EntryKey(from + i))];
            var found = await dapr.GetBulkStateAsync(store, keys, parallelism: 8, cancellationToken: cancel);
            foreach (var entry in found.Where(f => !string.IsNullOrEmpty(f.Value)).Select(Read).OrderBy(e => e.Number))
                _window.Add(entry);
        }

        _head = head;
    }

    /// <summary>
    /// Notes ids as seen, and in the same transaction whatever else follows from them. False where another replica was faster: what it has
    /// written is read then, and the caller looks again at what is left.
    /// </summary>
    public async Task<bool> CommitAsync(
        IReadOnlyCollection<string> ids, IReadOnlyList<StateTransactionRequest> further, CancellationToken cancel)
    {
        var (head, etag) = await HeadAsync(cancel);
        if (head != _head)
            return await LoseAsync(cancel);
        var entry = _window.Make(head.Next, ids, time.GetUtcNow());
        var over = _window.Over(entry.Clock, MostRemovedAtOnce);
        var next = new SeenHead(over.Count > 0 ? over[^1] + 1 : head.First, head.Next + 1);
        StateTransactionRequest[] writes =
        [
            Upsert(HeadKey, next, etag), Upsert(EntryKey(entry.Number), entry),
            .. over.Select(n => new StateTransactionRequest(EntryKey(n), null, StateOperationType.Delete)),
            .. further,
        ];
        try
        {
            await dapr.ExecuteStateTransactionAsync(store, writes, cancellationToken: cancel);
        }
        catch (Dapr.DaprException error) when (IsLost(error))
        {
            return await LoseAsync(cancel);
        }
        catch
        {
            // It may have been written: the next batch looks.
            _head = null;
            throw;
        }

        _window.Add(entry);
        _window.ForgetBefore(next.First);
        _head = next;
        return true;
    }

    /// <summary>A value to be written together with what was seen.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value.</param>
    /// <param name="etag">What it replaces; empty for nothing; null: whatever is there.</param>
    public StateTransactionRequest Upsert<T>(string key, T value, string? etag = null) => new(
        key, JsonSerializer.SerializeToUtf8Bytes(value, dapr.JsonSerializerOptions), StateOperationType.Upsert,
        etag is { Length: > 0 } ? etag : null, options: etag is null ? null : FirstWrite);

    private async Task<bool> LoseAsync(CancellationToken cancel)
    {
        _head = null;
        await LoadAsync(cancel);
        return false;
    }

    private async Task<(SeenHead Head, string ETag)> HeadAsync(CancellationToken cancel)
    {
        var (head, etag) = await dapr.GetStateAndETagAsync<SeenHead?>(store, HeadKey, cancellationToken: cancel);
        return (head ?? new SeenHead(0, 0), etag ?? "");
    }

    private static bool IsLost(Dapr.DaprException error) => error.InnerException is Grpc.Core.RpcException rpc
        && rpc.Status.Detail.Contains("etag", StringComparison.OrdinalIgnoreCase);

    private SeenEntry Read(BulkStateItem item) => JsonSerializer.Deserialize<SeenEntry>(item.Value, dapr.JsonSerializerOptions)!;

    private string EntryKey(long number) => $"seen-{name}-{number}";

    /// <summary>Which entries there are: from the first to before the next.</summary>
    private sealed record SeenHead(long First, long Next);
}
