using System.Net.Http.Json;

namespace Samples.Experiments.Ownership;

/// <summary>What a replica says of itself.</summary>
internal sealed record OwnershipReport(string Mechanism, bool Owns, long? Term, double Seconds);

/// <summary>How a task stands in the ledger.</summary>
internal sealed record LedgerHead(long HighestTerm, long Entries, long Refused);

/// <summary>
/// Owners and ledger as a client sees them. The ledger is asked through a sidecar; replicas of the owner are asked one by one, without
/// sidecars between, because the question is what each of them believes.
/// </summary>
internal sealed class OwnershipView(IFaults faults, Replica ledger) : IDisposable
{
    private const int Page = 1000;

    private readonly HttpClient _ledger = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{ledger.DaprHttpPort}/v1.0/invoke/ledger/method/"),
    };

    private readonly HttpClient _direct = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The replicas of the owner that are up, each with what it owns.</summary>
    public async Task<IReadOnlyList<(Replica Replica, OwnershipReport[] Owns)>> OwnersAsync(CancellationToken cancel)
    {
        var all = await Task.WhenAll((await ReplicasAsync(cancel)).Where(r => r.State == "running").Select(async replica =>
            (Replica: replica, Owns: (await AskAsync<OwnershipReport[]>(replica, "ownerships", cancel))?.Where(o => o.Owns).ToArray())));
        return [.. all.Where(a => a.Owns is not null).Select(a => (a.Replica, a.Owns!))];
    }

    /// <summary>
    /// What every replica believed so far, by mechanism. Also a replica that is down now has its file: it is started before it is asked.
    /// </summary>
    public async Task<ILookup<string, Belief>> BeliefsAsync(CancellationToken cancel)
    {
        var all = new List<Belief>();
        foreach (var replica in await ReplicasAsync(cancel))
        {
            all.AddRange(await AskAsync<Belief[]>(replica, "beliefs", cancel)
                ?? throw new InvalidOperationException($"{replica.Name} does not tell its history; without it nothing can be proved."));
        }

        return all.ToLookup(b => b.Mechanism);
    }

    public async Task<IReadOnlyList<Replica>> ReplicasAsync(CancellationToken cancel) =>
        [.. (await faults.ListAsync(cancel)).Where(r => r.AppId == "owner")];

    public async Task<IReadOnlyList<LedgerEntry>> EntriesAsync(string task, CancellationToken cancel)
    {
        var entries = new List<LedgerEntry>();
        while (await PageAsync() is { Length: > 0 } page)
            entries.AddRange(page);
        return entries;

        Task<LedgerEntry[]?> PageAsync() =>
            _ledger.GetFromJsonAsync<LedgerEntry[]>($"tasks/{task}/entries?from={entries.Count}&count={Page}", cancel);
    }

    public async Task<LedgerHead> HeadAsync(string task, CancellationToken cancel) =>
        await _ledger.GetFromJsonAsync<LedgerHead>($"tasks/{task}", cancel)
        ?? throw new InvalidOperationException($"The ledger knows nothing of '{task}'.");

    /// <summary>Writes in an old term that came after a newer term's first, whether the ledger refused or took them.</summary>
    public async Task<long> LateWritesAsync(IEnumerable<string> tasks, CancellationToken cancel)
    {
        var late = 0L;
        foreach (var task in tasks)
        {
            var accepted = new OwnershipHistory([], [], await EntriesAsync(task, cancel));
            late += (await HeadAsync(task, cancel)).Refused + HistoryChecker.StaleWrites(accepted).Count;
        }

        return late;
    }

    public async Task SwitchFencingAsync(bool enabled, CancellationToken cancel)
    {
        using var answer = await _ledger.PutAsJsonAsync("fencing", new { enabled }, cancel);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose()
    {
        _ledger.Dispose();
        _direct.Dispose();
    }

    private async Task<T?> AskAsync<T>(Replica replica, string what, CancellationToken cancel) where T : class
    {
        try
        {
            return await _direct.GetFromJsonAsync<T>($"http://127.0.0.1:{replica.AppPort}/{what}", cancel);
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }
}
