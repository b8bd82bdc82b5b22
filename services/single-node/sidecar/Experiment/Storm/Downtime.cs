namespace Samples.Experiments.Sidecar.Storm;

/// <summary>When something that every visitor needs was down: from just before its end until it answered again.</summary>
internal sealed class Downtime
{
    private readonly Lock _gate = new();
    private readonly List<(long From, long To)> _times = [];

    /// <summary>It goes down; the result ends that.</summary>
    public Action<long> Begin(long now)
    {
        lock (_gate)
        {
            _times.Add((now, long.MaxValue));
            var at = _times.Count - 1;
            return end =>
            {
                lock (_gate)
                    _times[at] = (now, end);
            };
        }
    }

    /// <summary>True where it was down at some moment between two others.</summary>
    public bool Touches(long from, long to)
    {
        lock (_gate)
            return _times.Exists(t => t.From <= to && from <= t.To);
    }
}
