using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Samples.ShardMemory;

/// <summary>
/// Keeps memories from telling anything old, whatever happens to this process: it may be frozen, cut off, out of the ring and back. The
/// source grants a lease with each report of its changes, and acknowledges no write before everybody with a lease has applied it, or the
/// lease is over. Without a lease nothing is told from memory (C. Gray, D. Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for
/// Distributed File Cache Consistency", 1989).
/// </summary>
public sealed class ChangeFeed(ISource source, ShardOptions options, TimeProvider time, ILogger<ChangeFeed> log) : BackgroundService
{
    // Clocks may run at speeds that differ a little.
    private const double Belief = 0.9;
    private const int Remembered = 1000;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(150);

    private readonly Lock _gate = new();
    private readonly List<AnswerMemory> _memories = [];
    private readonly Queue<(long Sequence, Change Change)> _recent = [];
    // Who holds the lease is this life of the process: an earlier one under the same name had another memory.
    private readonly string _holder = $"{options.Replica}/{Guid.NewGuid():N}";
    private SourceTime _now = new("", -1);
    private long _complete = -1, _leaseBegan;
    private TimeSpan _lease;
    private bool _isKept = true;

    /// <summary>False: all that is remembered is told, whatever has changed meanwhile. For seeing what leases are for.</summary>
    public bool IsKept
    {
        get => _isKept;
        set
        {
            lock (_gate)
            {
                // What was not applied meanwhile is not known: begin anew.
                if (value && !_isKept)
                    (_now, _lease) = (new SourceTime("", -1), TimeSpan.Zero);
                _isKept = value;
            }
        }
    }

    /// <summary>Whether what is remembered may be told: there is a lease.</summary>
    public bool IsCurrent
    {
        get
        {
            lock (_gate)
                return !_isKept || time.GetElapsedTime(_leaseBegan) < _lease;
        }
    }

    /// <summary>All changes up to here have been applied.</summary>
    public SourceTime Now
    {
        get
        {
            lock (_gate)
                return _now;
        }
    }

    /// <summary>Changes were applied: what is under way may be old.</summary>
    public event Action? Changed;

    /// <summary>Applies changes to a memory from now on.</summary>
    public void Attach(AnswerMemory memory)
    {
        lock (_gate)
            _memories.Add(memory);
    }

    /// <summary>No longer.</summary>
    public void Detach(AnswerMemory memory)
    {
        lock (_gate)
            _memories.Remove(memory);
    }

    /// <summary>Keeps an answer, unless a change that came after it may have touched it.</summary>
    public void Keep(AnswerMemory memory, string target, Answer answer)
    {
        lock (_gate)
        {
            if (answer is { MayBeKept: true, AsOf: { } asOf } && asOf.Life == _now.Life && asOf.Sequence >= _complete
                && !_recent.Any(r => r.Sequence > asOf.Sequence && Touches(r.Change, answer)))
                memory.Put(target, answer);
        }
    }

    /// <summary>Asks the source once and applies what it says. Called again and again by the service itself.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        var asked = time.GetTimestamp();
        // It hears of a change at once, and without one often enough to be late twice.
        var page = await source.GetChangesAsync(_holder, Now, _lease / 3, cancel);
        lock (_gate)
        {
            if (_isKept && (page.Reset || page.Life != _now.Life))
                Forget(page);
            foreach (var change in page.Changes.Where(c => c.Sequence > _now.Sequence))
                Apply(change);
            _now = new SourceTime(page.Life, page.Sequence);
            (_leaseBegan, _lease) = (asked, TimeSpan.FromMilliseconds(page.LeaseMs) * Belief);
        }

        if (page.Reset || page.Changes.Count > 0)
            Changed?.Invoke();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        for (var isTold = false; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await FollowAsync(stoppingToken);
                isTold = false;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isTold)
                    log.LogWarning("'{Origin}' tells no changes; nothing is told from memory until it does: {Problem}",
                        options.Origin, error.GetBaseException().Message);
                isTold = true;
                await Task.Delay(AfterFailure, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Forget(ChangePage page)
    {
        _memories.ForEach(m => m.Clear());
        _recent.Clear();
        (_now, _complete) = (new SourceTime(page.Life, page.Sequence), page.Sequence);
    }

    private void Apply(Change change)
    {
        if (!_isKept)
            return;
        _memories.ForEach(m => m.Drop(change));
        _recent.Enqueue((change.Sequence, change));
        // An answer older than what is remembered of changes is not kept: nobody knows any more what touched it.
        if (_recent.Count > Remembered)
            _complete = _recent.Dequeue().Sequence;
    }

    private static bool Touches(Change change, Answer answer) => change.Touched.Any(names =>
        answer.IsTouchedBy(new HashSet<string>(names, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>()));
}
