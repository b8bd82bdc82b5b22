namespace Samples.SearchRoot;

/// <summary>
/// Keeps hedges a small share of all questions. When a leaf is slow because there is too much to do, a second request for every
/// question would double the load and finish it off (Dean and Barroso, "The Tail at Scale", 2013).
/// </summary>
public sealed class HedgeBudget(RootOptions options)
{
    private const double Most = 10;

    private readonly Lock _gate = new();
    private double _saved = Most;

    /// <summary>A question was asked: that earns a part of a hedge.</summary>
    public void Earn()
    {
        lock (_gate)
            _saved = Math.Min(Most, _saved + options.HedgeBudget);
    }

    /// <summary>Pays for one hedge; false where there is nothing left.</summary>
    public bool TrySpend()
    {
        lock (_gate)
        {
            if (_saved < 1)
                return false;
            _saved--;
            return true;
        }
    }
}
