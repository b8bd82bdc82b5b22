using Dapr.Client;

namespace Samples.QueueManager;

/// <summary>
/// Which manager is active. The active one renews a record by compare-and-swap; another takes over when it has seen the record
/// unchanged for the whole time by its own clock, so that clocks of machines need not agree.
/// </summary>
public sealed class Leadership(DaprClient dapr, QueueOptions options, TimeProvider time)
{
    private const string Key = "leader";

    private string _seenETag = "";
    private long _seenAt;
    private long _renewedAt;
    private bool _held;

    /// <summary>True while this replica may act: it steps down by its own clock before another may take over.</summary>
    public bool IsHeld => _held && time.GetElapsedTime(_renewedAt) < options.Leadership;

    /// <summary>Rises with every change of leader.</summary>
    public long Term { get; private set; }

    /// <summary>Renews, takes over where nobody renews, or only looks.</summary>
    public async Task BeatAsync(CancellationToken cancel)
    {
        // The moment before the call counts: the answer may be long under way.
        var now = time.GetTimestamp();
        var (record, etag) = await dapr.GetStateAndETagAsync<LeaderRecord?>(options.Store, Key, cancellationToken: cancel);
        var mine = _held && record?.Replica == options.Replica && record.Term == Term;
        if (etag != _seenETag)
            (_seenETag, _seenAt) = (etag, now);
        var abandoned = record is null || record.Replica.Length == 0 || time.GetElapsedTime(_seenAt, now) >= options.Leadership;
        _held = mine && IsHeld;
        if (!mine && !abandoned)
            return;
        var next = new LeaderRecord(options.Replica, mine ? Term : (record?.Term ?? 0) + 1, (record?.Beat ?? 0) + 1);
        if (await SaveAsync(next, record is null ? null : etag, cancel))
            (Term, _renewedAt, _held) = (next.Term, now, true);
    }

    /// <summary>Hands over at once.</summary>
    public async Task ReleaseAsync(CancellationToken cancel)
    {
        if (!_held)
            return;
        _held = false;
        var (record, etag) = await dapr.GetStateAndETagAsync<LeaderRecord?>(options.Store, Key, cancellationToken: cancel);
        if (record?.Replica == options.Replica && record.Term == Term)
            await SaveAsync(record with { Replica = "" }, etag, cancel);
    }

    private async Task<bool> SaveAsync(LeaderRecord record, string? etag, CancellationToken cancel)
    {
        if (etag is not null)
            return await dapr.TrySaveStateAsync(options.Store, Key, record, etag, cancellationToken: cancel);
        try
        {
            // Without an ETag, "first write" means: only where nothing is there yet.
            await dapr.SaveStateAsync(
                options.Store, Key, record, new StateOptions { Concurrency = ConcurrencyMode.FirstWrite }, cancellationToken: cancel);
            return true;
        }
        catch (Dapr.DaprException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private sealed record LeaderRecord(string Replica, long Term, long Beat);
}
