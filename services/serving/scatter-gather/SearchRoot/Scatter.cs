using System.Collections.Concurrent;

namespace Samples.SearchRoot;

/// <summary>
/// Scatter and gather: one question to many leaves at once, and what has come back when the deadline passes. How an answer is made of
/// the replies is the business of the two modes.
/// </summary>
public sealed class Scatter
{
    private readonly ILeafClient _client;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, LatencyWindow> _latencies = new();
    private readonly HedgeBudget _budget;
    private readonly RootOptions _options;

    /// <summary>All leaves of the options, in good standing.</summary>
    public Scatter(ILeafClient client, RootOptions options, TimeProvider time)
    {
        _client = client;
        _options = options;
        _time = time;
        _budget = new HedgeBudget(options, time);
        Leaves = [.. options.Leaves.Select((replicas, i) => new LeafGroup(i + 1, replicas, options, time))];
    }

    /// <summary>Every leaf.</summary>
    public IReadOnlyList<LeafGroup> Leaves { get; }

    /// <summary>When a question is late, by kind of question.</summary>
    public IReadOnlyDictionary<string, TimeSpan> Late => _latencies.ToDictionary(l => l.Key, l => l.Value.Late);

    /// <summary>
    /// Asks the leaves that <paramref name="question"/> has a path for and waits for all of them, or until the limit has passed. A leaf
    /// that did not answer has a reply without an answer: never an exception.
    /// </summary>
    /// <param name="kind">Questions of one kind take about the same time.</param>
    /// <param name="leaves">Among how many leaves the index is shared; the first ones are asked.</param>
    /// <param name="question">Path and query for a leaf's number; null where there is nothing to ask it.</param>
    /// <param name="hedging">Whether a leaf that is late is asked again on its other replica.</param>
    /// <param name="limit">The time for all of it.</param>
    /// <param name="cancel">The caller has gone away.</param>
    public async Task<IReadOnlyList<LeafReply<T>>> AskAsync<T>(
        string kind, int leaves, Func<int, string?> question, bool hedging, TimeSpan limit, CancellationToken cancel)
        where T : class
    {
        var latencies = _latencies.GetOrAdd($"{kind}, {leaves} leaves", _ => new LatencyWindow(_options));
        // A machine that is very busy may come here when the time is over already.
        using var late = new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, _time);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        var replies = await Task.WhenAll(
            from leaf in Leaves.Take(leaves)
            let path = question(leaf.Number)
            where path is not null
            select new HedgedQuestion<T>(
                leaf, (replica, stop) => _client.GetAsync<T>(replica, path, stop), latencies, _budget, hedging, _time)
                .AskAsync(deadline.Token));
        cancel.ThrowIfCancellationRequested();
        return replies;
    }
}
