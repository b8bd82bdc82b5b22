namespace Samples.SearchRoot;

/// <summary>
/// Keeps hedges a small share of all questions. When a leaf is slow because there is too much to do, a second request for every
/// question would double the load and finish it off (Dean and Barroso, "The Tail at Scale", 2013). A few hedges a second are free, as in
/// the retry budgets of Twitter's Finagle: where everybody waits for one frozen replica nobody asks anything, and a budget that only
/// questions fill would stay empty until the deadline.
/// </summary>
public sealed class HedgeBudget(RootOptions options, TimeProvider time)
{
    private const double Most = 10;

    private readonly Lock _gate = new();
    private double _saved = Most;
    private long _filledAt = time.GetTimestamp();

    /// <summary>After this time a question that got no hedge may well get one.</summary>
    public TimeSpan Patience { get; } = TimeSpan.FromSeconds(1 / options.FreeHedgesPerSecond);

    /// <summary>A question was asked: that earns a part of a hedge.</summary>
    public void Earn()
    {
        lock (_gate)
            Fill(options.HedgeBudget);
    }

    /// <summary>Pays for one hedge; false where there is nothing left.</summary>
    public bool TrySpend()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            Fill(time.GetElapsedTime(_filledAt, now).TotalSeconds * options.FreeHedgesPerSecond);
            _filledAt = now;
            if (_saved < 1)
                return false;
            _saved--;
            return true;
        }
    }

    private void Fill(double hedges) => _saved = Math.Min(Most, _saved + hedges);
}
