using Samples.ShardMemory;

namespace Samples.Origin;

/// <summary>
/// Who has a lease, and which changes it has applied. A write is acknowledged when everybody with a lease has applied it; one who is silent
/// is waited for until its lease is over, and then tells nothing from memory (see <see cref="ChangeFeed"/>).
/// </summary>
public sealed class ChangeLog
{
    private const int Remembered = 1000;

    private readonly Lock _gate = new();
    private readonly TimeSpan _lease;
    private readonly TimeProvider _time;
    private readonly List<Change> _changes = [];
    private readonly Dictionary<string, (long Applied, long Heard)> _holders = new(StringComparer.Ordinal);
    // For shards that wait for changes, and for writes that wait for shards.
    private TaskCompletionSource _appended = Signal(), _heard = Signal();
    private SourceTime _now;
    private long _began;

    /// <summary>A new life, which knows nothing of the leases of an earlier one.</summary>
    public ChangeLog(TimeSpan lease, TimeProvider time)
    {
        _lease = lease;
        _time = time;
        BeginAnew();
    }

    /// <summary>This life and its last change.</summary>
    public SourceTime Now
    {
        get
        {
            lock (_gate)
                return _now;
        }
    }

    /// <summary>Those with a lease, and the last change that each has applied.</summary>
    public IReadOnlyDictionary<string, long> Holders
    {
        get
        {
            lock (_gate)
            {
                ForgetSilent();
                return _holders.ToDictionary(h => h.Key, h => h.Value.Applied, StringComparer.Ordinal);
            }
        }
    }

    /// <summary>Another life: everybody has to forget what it remembers.</summary>
    public SourceTime BeginAnew()
    {
        lock (_gate)
        {
            _now = new SourceTime(Guid.NewGuid().ToString("N")[..12], 0);
            _changes.Clear();
            _holders.Clear();
            _began = _time.GetTimestamp();
            Tell(ref _appended);
            return _now;
        }
    }

    /// <summary>Notes a change; returns when it was.</summary>
    public SourceTime Append(IReadOnlyList<IReadOnlyList<string>> touched)
    {
        lock (_gate)
        {
            _now = _now with { Sequence = _now.Sequence + 1 };
            _changes.Add(new Change(_now.Sequence, touched));
            if (_changes.Count > Remembered)
                _changes.RemoveAt(0);
            Tell(ref _appended);
            return _now;
        }
    }

    /// <summary>
    /// A shard says what it has applied, and with that renews its lease; it gets what came after, and waits where nothing did.
    /// </summary>
    public async Task<ChangePage> ReadAsync(string holder, SourceTime since, TimeSpan wait, CancellationToken cancel)
    {
        Task appended;
        lock (_gate)
        {
            // One of another life has applied nothing of this one, and forgets everything when it hears of it.
            _holders[holder] = (since.Life == _now.Life ? since.Sequence : -1, _time.GetTimestamp());
            Tell(ref _heard);
            if (since != _now)
                return PageSince(since);
            appended = _appended.Task;
        }

        await EitherAsync(appended, wait, cancel);
        lock (_gate)
            return PageSince(since);
    }

    /// <summary>Returns when nobody may tell anything older than a change any more.</summary>
    public async Task WaitAppliedAsync(long sequence, CancellationToken cancel)
    {
        while (true)
        {
            Task heard;
            TimeSpan left;
            lock (_gate)
            {
                ForgetSilent();
                left = LeftFor(sequence);
                if (left <= TimeSpan.Zero)
                    return;
                heard = _heard.Task;
            }

            await EitherAsync(heard, left, cancel);
        }
    }

    // For how long somebody may not have heard of a change: one with a lease, or with one of a life before this one.
    private TimeSpan LeftFor(long sequence)
    {
        var behind = _holders.Values.Where(h => h.Applied < sequence).Select(h => h.Heard).Append(_began).Max();
        return _lease - _time.GetElapsedTime(behind);
    }

    private void ForgetSilent()
    {
        foreach (var holder in _holders.Where(h => _time.GetElapsedTime(h.Value.Heard) > _lease).Select(h => h.Key).ToArray())
            _holders.Remove(holder);
    }

    private ChangePage PageSince(SourceTime since)
    {
        var first = _changes.Count == 0 ? _now.Sequence + 1 : _changes[0].Sequence;
        var isKnown = since.Life == _now.Life && since.Sequence >= first - 1;
        var changes = isKnown ? _changes.Where(c => c.Sequence > since.Sequence).ToArray() : [];
        return new ChangePage(_now.Life, _now.Sequence, !isKnown, _lease.TotalMilliseconds, changes);
    }

    private async Task EitherAsync(Task news, TimeSpan limit, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(news, Task.Delay(limit, _time, end.Token));
        await end.CancelAsync();
        cancel.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static void Tell(ref TaskCompletionSource signal)
    {
        signal.TrySetResult();
        signal = Signal();
    }
}
