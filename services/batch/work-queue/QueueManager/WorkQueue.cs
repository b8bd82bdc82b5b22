namespace Samples.QueueManager;

/// <summary>An item that a worker may work on until it stops renewing.</summary>
/// <param name="Id">The item.</param>
/// <param name="Lease">The token that finishing needs.</param>
/// <param name="Seconds">How long it lasts without renewal.</param>
/// <param name="Attempt">1 for the first try.</param>
public sealed record ItemLease(string Id, string Lease, double Seconds, int Attempt);

/// <summary>How it stands after a worker has said that its lease ends.</summary>
/// <param name="Item">The item as it is now; null where it is unknown.</param>
/// <param name="Next">The worker's next item, where it asked for one and one is ready.</param>
public sealed record EndedLease(WorkItem? Item, ItemLease? Next);

/// <summary>
/// The active manager's view: which items are ready, and which leases run. It is rebuilt from the book by whoever becomes active, and
/// every lease then starts its full time anew, so that a take-over takes nothing from a worker that is alive.
/// </summary>
public sealed class WorkQueue(ItemBook book, Demand demand, QueueOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ItemState> _known = new(StringComparer.Ordinal);
    private readonly SortedSet<(DateTimeOffset NotBefore, string Id)> _ready = [];
    private readonly Dictionary<string, (string Lease, long Taken, long Renewed)> _leases = new(StringComparer.Ordinal);

    /// <summary>Forgets everything and reads the book.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        var items = await book.LoadAsync(cancel);
        lock (_gate)
        {
            _known.Clear();
            _ready.Clear();
            _leases.Clear();
            foreach (var item in items)
                Track(item);
        }
    }

    /// <summary>Whether there is such an item.</summary>
    public bool Knows(string id)
    {
        lock (_gate)
            return _known.ContainsKey(id);
    }

    /// <summary>Takes in the items that are new. False where another manager was active in between: then load again.</summary>
    public async Task<bool> AddAsync(IReadOnlyList<string> ids, CancellationToken cancel)
    {
        List<WorkItem> news;
        int known;
        lock (_gate)
            (news, known) = ([.. ids.Where(id => !_known.ContainsKey(id)).Select(id => new WorkItem(id, ItemState.Queued))], _known.Count);
        if (news.Count == 0)
            return true;
        if (!await book.TryAddAsync(news, known, cancel))
            return false;
        demand.Arrived(news.Count);
        lock (_gate)
            news.ForEach(Track);
        return true;
    }

    /// <summary>Leases the item that waits longest; null where none is ready.</summary>
    public async Task<ItemLease?> LeaseAsync(string worker, CancellationToken cancel)
    {
        while (TakeReady() is { } id)
        {
            var lease = NewToken();
            if (await UpdateAsync(id, i => Take(i, worker, lease), cancel) is { } item && item.Lease == lease)
                return LeaseOf(item);
        }

        return null;
    }

    /// <summary>The worker still works on it. False where the lease is lost: it should stop.</summary>
    public bool Renew(string id, string lease)
    {
        lock (_gate)
        {
            if (!_leases.TryGetValue(id, out var held) || held.Lease != lease)
                return false;
            _leases[id] = held with { Renewed = time.GetTimestamp() };
            return true;
        }
    }

    /// <summary>
    /// Finishes an item and leases the next one to the <paramref name="next"/> worker, where it is named. Saying it twice is saying it
    /// once; a lease that was taken back finishes nothing.
    /// </summary>
    public async Task<EndedLease> FinishAsync(string id, string lease, string? next, CancellationToken cancel)
    {
        var taken = TakenAt(id, lease);
        var ended = await EndAsync(id, lease, i => i.Finish(), next, cancel);
        if (taken is { } at && ended.Item is { State: ItemState.Done } item && item.Lease == lease)
            demand.Finished(time.GetElapsedTime(at));
        return ended;
    }

    /// <summary>The try failed; the next one as in <see cref="FinishAsync"/>.</summary>
    public Task<EndedLease> FailAsync(string id, string lease, string reason, string? next, CancellationToken cancel) =>
        EndAsync(id, lease, i => i.Fail(reason, options, time.GetUtcNow()), next, cancel);

    /// <summary>The worker was asked to stop before it was through.</summary>
    public Task<EndedLease> HandBackAsync(string id, string lease, CancellationToken cancel) =>
        EndAsync(id, lease, i => i.HandBack(), next: null, cancel);

    /// <summary>Brings a dead letter back; anything else stays as it is.</summary>
    public async Task<(WorkItem? Item, bool Replayed)> ReplayAsync(string id, CancellationToken cancel)
    {
        var replayed = false;
        var item = await UpdateAsync(id, i => (replayed = i.State == ItemState.Dead) ? i.Replay() : null, cancel);
        return (item, replayed);
    }

    /// <summary>Takes back the leases that nobody renews.</summary>
    public async Task TakeBackAsync(CancellationToken cancel)
    {
        List<(string Id, string Lease)> expired;
        lock (_gate)
            expired = [.. _leases.Where(l => time.GetElapsedTime(l.Value.Renewed) > options.Lease).Select(l => (l.Key, l.Value.Lease))];
        foreach (var (id, lease) in expired)
            await UpdateAsync(id, i => i.State == ItemState.Leased && i.Lease == lease ? i.Lose(options, time.GetUtcNow()) : null, cancel);
    }

    /// <summary>How many items stand where.</summary>
    public IReadOnlyDictionary<ItemState, int> Count()
    {
        lock (_gate)
            return Enum.GetValues<ItemState>().ToDictionary(s => s, s => _known.Values.Count(v => v == s));
    }

    /// <summary>How many workers keep up.</summary>
    public DemandReport MeasureDemand() => demand.Report(Count()[ItemState.Queued]);

    // The end of one item and the beginning of the next are one transaction: half the calls of the store. Where that fails, each has its
    // own compare-and-swap.
    private async Task<EndedLease> EndAsync(string id, string lease, Func<WorkItem, WorkItem> end, string? next, CancellationToken cancel)
    {
        WorkItem? Ending(WorkItem item) => item.State == ItemState.Leased && item.Lease == lease ? end(item) : null;
        if (next is not null && TakeReady() is { } waiting && waiting != id)
        {
            var token = NewToken();
            if (await UpdateBothAsync((id, Ending), (waiting, item => Take(item, next, token)), cancel) is var (ended, taken))
                return new EndedLease(ended, LeaseOf(taken));
        }

        var one = await UpdateAsync(id, Ending, cancel);
        var isEnded = one?.Lease == lease && one.State != ItemState.Leased;
        return new EndedLease(one, isEnded && next is not null ? await LeaseAsync(next, cancel) : null);
    }

    private static string NewToken() => Guid.NewGuid().ToString("N");

    private static WorkItem? Take(WorkItem item, string worker, string lease) =>
        item.State == ItemState.Queued ? item.LeaseTo(worker, lease) : null;

    private ItemLease LeaseOf(WorkItem item) => new(item.Id, item.Lease!, options.Lease.TotalSeconds, item.Attempts);

    private async Task<(WorkItem Ended, WorkItem Taken)?> UpdateBothAsync(
        (string Id, Func<WorkItem, WorkItem?> Change) ending,
        (string Id, Func<WorkItem, WorkItem?> Change) taking,
        CancellationToken cancel)
    {
        (WorkItem Ended, WorkItem Taken)? both = null;
        try
        {
            return both = await book.TryUpdateBothAsync(ending, taking, cancel);
        }
        finally
        {
            lock (_gate)
            {
                if (both is var (ended, taken))
                {
                    Track(ended);
                    Track(taken);
                }
                else
                {
                    // It was its turn, and still is.
                    _ready.Add((default, taking.Id));
                }
            }
        }
    }

    private async Task<WorkItem?> UpdateAsync(string id, Func<WorkItem, WorkItem?> change, CancellationToken cancel)
    {
        try
        {
            var item = await book.UpdateAsync(id, change, cancel);
            lock (_gate)
            {
                if (item is not null)
                    Track(item);
            }

            return item;
        }
        catch
        {
            // Nobody knows whether it was written. It stays in play: the next attempt reads what is true.
            lock (_gate)
            {
                if (_known.GetValueOrDefault(id) == ItemState.Queued)
                    _ready.Add((time.GetUtcNow() + options.BackOff, id));
            }

            throw;
        }
    }

    private void Track(WorkItem item)
    {
        _known[item.Id] = item.State;
        if (item.State == ItemState.Queued)
            _ready.Add((item.NotBefore, item.Id));
        if (item.State != ItemState.Leased)
            _leases.Remove(item.Id);
        else if (!_leases.TryGetValue(item.Id, out var held) || held.Lease != item.Lease)
            _leases[item.Id] = (item.Lease!, time.GetTimestamp(), time.GetTimestamp());
    }

    private string? TakeReady()
    {
        lock (_gate)
        {
            if (_ready.Count == 0 || _ready.Min.NotBefore > time.GetUtcNow())
                return null;
            var first = _ready.Min;
            _ready.Remove(first);
            return first.Id;
        }
    }

    private long? TakenAt(string id, string lease)
    {
        lock (_gate)
            return _leases.TryGetValue(id, out var held) && held.Lease == lease ? held.Taken : null;
    }
}
