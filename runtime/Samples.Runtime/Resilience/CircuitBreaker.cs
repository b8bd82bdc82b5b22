using Polly;
using Polly.CircuitBreaker;
using Samples.Runtime.Resources;

namespace Samples.Runtime.Resilience;

/// <summary>
/// A circuit breaker with Dapr's rules: it opens when the trip rule over its counts holds, stays open for the timeout, then lets
/// a few calls through and closes when all of them succeed. (Polly's own breaker knows failure ratios only.)
/// </summary>
public sealed class CircuitBreaker(BreakerPolicy policy, TimeProvider time) : ResilienceStrategy
{
    private readonly Lock _gate = new();
    private BreakerCounts _counts;
    private State _state;
    private DateTimeOffset _until;
    private long _generation;

    private enum State
    {
        Closed,
        Open,
        HalfOpen,
    }

    /// <inheritdoc/>
    protected override async ValueTask<Outcome<TResult>> ExecuteCore<TResult, TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<TResult>>> callback, ResilienceContext context, TState state)
    {
        if (Enter() is not { } generation)
            return Outcome.FromException<TResult>(new BrokenCircuitException("circuit breaker is open"));
        var outcome = await callback(context, state);
        Leave(generation, outcome.Exception is not { } error || !Failure.IsOfTarget(error));
        return outcome;
    }

    private long? Enter()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (_state == State.Open && now >= _until)
                Become(State.HalfOpen, now);
            else if (_state == State.Closed && policy.Interval > TimeSpan.Zero && now >= _until)
                Become(State.Closed, now);
            if (_state == State.Open || (_state == State.HalfOpen && _counts.Requests >= policy.MaxRequests))
                return null;
            _counts = _counts with { Requests = _counts.Requests + 1 };
            return _generation;
        }
    }

    private void Leave(long generation, bool succeeded)
    {
        lock (_gate)
        {
            // A call from before the last change of state says nothing about now.
            if (generation != _generation)
                return;
            _counts = succeeded
                ? _counts with
                {
                    TotalSuccesses = _counts.TotalSuccesses + 1,
                    ConsecutiveSuccesses = _counts.ConsecutiveSuccesses + 1,
                    ConsecutiveFailures = 0,
                }
                : _counts with
                {
                    TotalFailures = _counts.TotalFailures + 1,
                    ConsecutiveFailures = _counts.ConsecutiveFailures + 1,
                    ConsecutiveSuccesses = 0,
                };
            if (!succeeded && (_state == State.HalfOpen || policy.Trip.Holds(_counts)))
                Become(State.Open, time.GetUtcNow());
            else if (succeeded && _state == State.HalfOpen && _counts.ConsecutiveSuccesses >= policy.MaxRequests)
                Become(State.Closed, time.GetUtcNow());
        }
    }

    private void Become(State state, DateTimeOffset now)
    {
        _state = state;
        _counts = default;
        _generation++;
        _until = now + (state == State.Open ? policy.Timeout : policy.Interval);
    }
}
