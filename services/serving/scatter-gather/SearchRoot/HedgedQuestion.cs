namespace Samples.SearchRoot;

/// <summary>
/// One question to one leaf, answered by whichever replica is first. The first one asked gets a head start: only when it is later than
/// most answers are is the second one asked too ("hedged requests" of Dean and Barroso, "The Tail at Scale", 2013). Whoever loses is
/// cancelled. A replica that fails, instead of being late, is replaced by the next one at once.
/// </summary>
/// <param name="leaf">The leaf.</param>
/// <param name="ask">Sends the question to a replica, by app id.</param>
/// <param name="latencies">Of questions like this one.</param>
/// <param name="budget">Shared by all questions.</param>
/// <param name="hedging">
/// False: replicas take turns, nobody is asked a second time for being late, and nothing is learnt about lateness.
/// </param>
/// <param name="time">The clock.</param>
public sealed class HedgedQuestion<T>(
    LeafGroup leaf, Func<string, CancellationToken, Task<T>> ask, LatencyWindow latencies, HedgeBudget budget, bool hedging,
    TimeProvider time)
    where T : class
{
    private readonly long _began = time.GetTimestamp();
    private readonly List<Attempt> _running = [];
    private readonly Queue<string> _waiting = new(leaf.InOrder(avoidOutliers: hedging));
    private bool _hedged;
    private TimeSpan? _due;
    private string? _problem;

    private TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>The reply: without an answer where the deadline passed or every replica failed.</summary>
    public async Task<LeafReply<T>> AskAsync(CancellationToken deadline)
    {
        budget.Earn();
        using var losers = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        var first = AskNext(losers.Token);
        while (_running.Count > 0 && !deadline.IsCancellationRequested)
        {
            var finished = await FirstToFinishAsync(deadline);
            if (finished is { Reply.IsCompletedSuccessfully: true })
            {
                Learn(winner: finished, first);
                await losers.CancelAsync();
                return new LeafReply<T>(leaf.Number, await finished.Reply, finished.Replica, Elapsed, _hedged);
            }

            if (deadline.IsCancellationRequested)
                break;
            if (finished is not null)
                Replace(finished, losers.Token);
            else
                Hedge(losers.Token);
        }

        await losers.CancelAsync();
        return new LeafReply<T>(leaf.Number, null, null, Elapsed, _hedged, _running.Count > 0 ? "late" : _problem);
    }

    private Attempt AskNext(CancellationToken cancel)
    {
        var replica = _waiting.Dequeue();
        var attempt = new Attempt(replica, ask(replica, cancel));
        // A loser ends in an exception that nobody waits for.
        _ = attempt.Reply.ContinueWith(
            t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _running.Add(attempt);
        return attempt;
    }

    // Null where it is time to hedge, or too late for everything.
    private async Task<Attempt?> FirstToFinishAsync(CancellationToken deadline)
    {
        var due = _due ?? latencies.Late;
        var wait = !hedging || _hedged || _waiting.Count == 0 ? Timeout.InfiniteTimeSpan
            : due > Elapsed ? due - Elapsed
            : TimeSpan.Zero;
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(deadline);
        var done = await Task.WhenAny([.. _running.Select(a => a.Reply), Task.Delay(wait, time, finished.Token)]);
        await finished.CancelAsync();
        return _running.Find(a => a.Reply == done);
    }

    private void Hedge(CancellationToken cancel)
    {
        if (!budget.TrySpend())
        {
            // Asked for again: the first replica may be frozen, and then only a hedge brings an answer before the deadline.
            _due = Elapsed + budget.Patience;
            return;
        }

        _hedged = true;
        AskNext(cancel);
    }

    private void Replace(Attempt failed, CancellationToken cancel)
    {
        _running.Remove(failed);
        _problem = $"{failed.Replica}: {failed.Reply.Exception?.InnerException?.Message ?? "cancelled"}";
        leaf.Missed(failed.Replica);
        if (_waiting.Count > 0)
            AskNext(cancel);
    }

    private void Learn(Attempt winner, Attempt first)
    {
        if (!hedging)
            return;
        leaf.Answered(winner.Replica);
        foreach (var overtaken in _running.TakeWhile(a => a != winner))
            leaf.Missed(overtaken.Replica);
        // Also where the first one lost: it would have taken at least as long, and leaving it out would make "late" come earlier and
        // earlier.
        if (_running.Contains(first))
            latencies.Add(Elapsed);
    }

    private sealed record Attempt(string Replica, Task<T> Reply);
}
