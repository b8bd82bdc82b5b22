using Dapr.Client;

namespace Samples.Owner;

/// <summary>
/// A record in Dapr state that the owner renews by compare-and-swap on its ETag. Another replica takes over when it has seen the record
/// unchanged for the whole lease by its own clock: the clocks of different machines need not agree, they only need to run about equally
/// fast. The swap decides: of two that try, the ETag lets one win.
/// </summary>
public sealed class CompareAndSwapOwnership(
    DaprClient dapr, OwnerOptions options, BeliefHistory history, TimeProvider time) : Ownership(history)
{
    private const string Key = "owner-compare-and-swap";

    // Who owns is this process in this life: another one under the same name, or an earlier life, is somebody else.
    private readonly string _life = $"{options.Replica}/{Guid.NewGuid():N}";
    private string _seenETag = "";
    private TimeSpan _seenAt;

    /// <inheritdoc/>
    public override string Mechanism => "compare-and-swap";

    /// <inheritdoc/>
    public override async Task<TimeSpan> BeatAsync(CancellationToken cancel)
    {
        var began = time.Monotonic();
        var (record, etag) = await dapr.GetStateAndETagAsync<OwnerRecord?>(options.StateStore, Key, cancellationToken: cancel);
        if (etag != _seenETag)
        {
            _seenETag = etag;
            _seenAt = began;
        }

        var mine = record is not null && Lease?.Term == record.Term && record.Owner == _life;
        var abandoned = record is null || record.Owner.Length == 0 || began - _seenAt >= options.Ttl;
        if (!mine && !abandoned)
        {
            Lease = null;
            var left = _seenAt + options.Ttl - began;
            return left < options.Look ? left : options.Look;
        }

        var next = new OwnerRecord(_life, mine ? record!.Term : (record?.Term ?? 0) + 1, (record?.Beat ?? 0) + 1);
        Lease = await SwapAsync(next, etag, cancel) ? new Lease(next.Term, time.Monotonic(), began + options.Belief) : null;
        return options.Renewal;
    }

    /// <inheritdoc/>
    public override async Task ReleaseAsync(CancellationToken cancel)
    {
        Lease = null;
        var (record, etag) = await dapr.GetStateAndETagAsync<OwnerRecord?>(options.StateStore, Key, cancellationToken: cancel);
        if (record?.Owner == _life)
            await SwapAsync(record with { Owner = "" }, etag, cancel);
    }

    private async Task<bool> SwapAsync(OwnerRecord record, string etag, CancellationToken cancel) => etag.Length > 0
        ? await dapr.TrySaveStateAsync(options.StateStore, Key, record, etag, cancellationToken: cancel)
        : await dapr.TryCreateAsync(options.StateStore, Key, record, cancel);

    /// <summary>The record. <paramref name="Beat"/> makes every renewal a change that others can see.</summary>
    private sealed record OwnerRecord(string Owner, long Term, long Beat);
}
