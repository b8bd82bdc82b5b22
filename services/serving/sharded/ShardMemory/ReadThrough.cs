using System.Collections.Concurrent;

namespace Samples.ShardMemory;

/// <summary>An answer and how it was found: one of <see cref="Found"/>.</summary>
public sealed record Reading(Answer Answer, string How);

/// <summary>
/// Answers from memory, and asks where there is nothing: first the shard that had the key before, if the router names one, and only that
/// one; then the source. Of many that ask for one key at once, one is sent.
/// </summary>
public sealed class ReadThrough : IDisposable
{
    private readonly AnswerMemory _memory;
    private readonly ChangeFeed _feed;
    private readonly ISource _source;
    private readonly ConcurrentDictionary<string, Lazy<Task<Reading>>> _underWay = new(StringComparer.Ordinal);
    private long _hits, _misses, _handed, _stale, _unleased;

    /// <summary>Reads through a memory that the feed keeps current.</summary>
    public ReadThrough(AnswerMemory memory, ChangeFeed feed, ISource source)
    {
        _memory = memory;
        _feed = feed;
        _source = source;
        feed.Attach(memory);
        // Who asks after a change must not get what was asked for before it.
        feed.Changed += _underWay.Clear;
    }

    /// <summary>Requests by how they were answered.</summary>
    public (long Hits, long Misses, long Handed, long Stale) Counts =>
        (Interlocked.Read(ref _hits), Interlocked.Read(ref _misses), Interlocked.Read(ref _handed), Interlocked.Read(ref _stale));

    /// <summary>Requests that came while there was no lease, so that memory did not count.</summary>
    public long Unleased => Interlocked.Read(ref _unleased);

    /// <summary>What there is in memory and may be told; null where there is nothing. Nobody else is asked.</summary>
    public Answer? Peek(string target) => _feed.IsCurrent ? Find(target) : null;

    /// <summary>The answer. Throws what <see cref="Callees.IsFailure"/> knows where neither memory nor source has one.</summary>
    /// <param name="target">Path and query: the key.</param>
    /// <param name="from">The shard that had the key before; null where there is none.</param>
    /// <param name="cancel">This caller gives up; others may wait for the same.</param>
    public async Task<Reading> GetAsync(string target, string? from, CancellationToken cancel)
    {
        var isCurrent = _feed.IsCurrent;
        if (!isCurrent)
            Interlocked.Increment(ref _unleased);
        if (isCurrent && Find(target) is { } known)
        {
            Interlocked.Increment(ref _hits);
            return new Reading(known, Found.Hit);
        }

        try
        {
            // Without a lease nobody knows whether what is under way began before a change.
            var reading = await (isCurrent ? Join(target, from) : AskAsync(target, from: null)).WaitAsync(cancel);
            Interlocked.Increment(ref reading.How == Found.Handed ? ref _handed : ref _misses);
            return reading;
        }
        catch (Exception error) when (Callees.IsFailure(error) && Find(target) is { } old)
        {
            Interlocked.Increment(ref _stale);
            return new Reading(old, Found.Stale);
        }
    }

    // As of a moment before it is looked up: a change in between would make an older answer look newer than it is.
    private Answer? Find(string target)
    {
        var now = _feed.Now;
        return _memory.Find(target) is { } known ? known with { AsOf = now } : null;
    }

    private Task<Reading> Join(string target, string? from)
    {
        var first = new Lazy<Task<Reading>>(() => Task.Run(() => AskAsync(target, from)));
        var joined = _underWay.GetOrAdd(target, first);
        if (joined == first)
        {
            _ = first.Value.ContinueWith(
                t =>
                {
                    _ = t.Exception;
                    _underWay.TryRemove(KeyValuePair.Create(target, first));
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return joined.Value;
    }

    // Whoever asked first may leave; the others still want it.
    private async Task<Reading> AskAsync(string target, string? from)
    {
        var handed = from is null ? null : await _source.PeekAsync(from, target, CancellationToken.None);
        var answer = handed ?? await _source.GetAsync(target, CancellationToken.None);
        _feed.Keep(_memory, target, answer);
        return new Reading(answer, handed is null ? Found.Miss : Found.Handed);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _feed.Changed -= _underWay.Clear;
        _feed.Detach(_memory);
    }
}
