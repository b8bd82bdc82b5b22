using System.Globalization;
using System.Text.Json;
using Dapr.Client;

namespace Samples.Ledger;

/// <summary>A task's state of affairs.</summary>
/// <param name="HighestTerm">The highest term that was ever accepted.</param>
/// <param name="Entries">How many writes were accepted.</param>
/// <param name="Refused">How many came too late.</param>
public sealed record LedgerHead(long HighestTerm, long Entries, long Refused);

/// <summary>An accepted write.</summary>
/// <param name="Sequence">Its place in the task's history, from 0.</param>
/// <param name="Term">The fencing token that it came with.</param>
/// <param name="Replica">Who wrote it.</param>
public sealed record LedgerEntry(long Sequence, long Term, string Replica);

/// <summary>
/// The histories of all tasks in Dapr state. The head of a task and its new entry are written in one transaction on the head's ETag, so
/// that looking at the highest term and writing are one step, however many replicas of the ledger there are.
/// </summary>
public sealed class LedgerBook(DaprClient dapr, LedgerOptions options, Fencing fencing)
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    /// <summary>
    /// Writes, unless the term is too old: then the result is null, and <paramref name="refused"/> gets the head that says why.
    /// </summary>
    public async Task<LedgerEntry?> WriteAsync(string task, long term, string replica, Action<LedgerHead> refused, CancellationToken cancel)
    {
        while (true)
        {
            var (found, etag) = await dapr.GetStateAndETagAsync<LedgerHead?>(options.StateStore, HeadKey(task), cancellationToken: cancel);
            var head = found ?? new LedgerHead(0, 0, 0);
            if (fencing.Refuses(term, head))
            {
                if (!await TryWriteAsync([Upsert(HeadKey(task), head with { Refused = head.Refused + 1 }, etag)], cancel))
                    continue;
                refused(head);
                return null;
            }

            var entry = new LedgerEntry(head.Entries, term, replica);
            var next = head with { HighestTerm = Math.Max(term, head.HighestTerm), Entries = head.Entries + 1 };
            if (await TryWriteAsync([Upsert(HeadKey(task), next, etag), Upsert(EntryKey(task, entry.Sequence), entry, etag: "")], cancel))
                return entry;
        }
    }

    /// <summary>Null for a task that nobody has written to.</summary>
    public async Task<LedgerHead?> HeadAsync(string task, CancellationToken cancel) =>
        await dapr.GetStateAsync<LedgerHead?>(options.StateStore, HeadKey(task), cancellationToken: cancel);

    /// <summary>Accepted writes in their order.</summary>
    public async Task<IReadOnlyList<LedgerEntry>> ReadAsync(string task, long from, int count, CancellationToken cancel)
    {
        var entries = await HeadAsync(task, cancel) is { } head ? Math.Clamp(head.Entries - from, 0, count) : 0;
        if (entries == 0)
            return [];
        string[] keys = [.. Enumerable.Range(0, (int)entries).Select(i => EntryKey(task, from + i))];
        var found = await dapr.GetBulkStateAsync(options.StateStore, keys, parallelism: 8, cancellationToken: cancel);
        return
        [
            .. found.Select(f => JsonSerializer.Deserialize<LedgerEntry>(f.Value, dapr.JsonSerializerOptions)!).OrderBy(e => e.Sequence)
        ];
    }

    // False where another write was first: the ETag does not match any more.
    private async Task<bool> TryWriteAsync(IReadOnlyList<StateTransactionRequest> writes, CancellationToken cancel)
    {
        try
        {
            await dapr.ExecuteStateTransactionAsync(options.StateStore, writes, cancellationToken: cancel);
            return true;
        }
        catch (Dapr.DaprException error) when (
            error.InnerException is Grpc.Core.RpcException rpc && rpc.Status.Detail.Contains("etag", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }
    }

    private StateTransactionRequest Upsert<T>(string key, T value, string etag) => new(key,
        JsonSerializer.SerializeToUtf8Bytes(value, dapr.JsonSerializerOptions), StateOperationType.Upsert, etag.Length > 0 ? etag : null,
        options: FirstWrite);

    private static string HeadKey(string task) => $"ledger-{task}";

    private static string EntryKey(string task, long sequence) => string.Create(CultureInfo.InvariantCulture, $"ledger-{task}-{sequence}");
}
