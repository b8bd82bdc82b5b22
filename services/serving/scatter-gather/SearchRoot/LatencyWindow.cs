namespace Samples.SearchRoot;

/// <summary>The latest latencies of one kind of question, and their quantile: what "late" means follows the load by itself.</summary>
public sealed class LatencyWindow(RootOptions options)
{
    private const int Size = 512, Enough = 20, Refresh = 16;

    private readonly Lock _gate = new();
    private readonly double[] _milliseconds = new double[Size];
    private long _seen;
    private TimeSpan _late = options.FirstHedge;

    /// <summary>When a question is late: the quantile of the latencies seen, once there are enough.</summary>
    public TimeSpan Late
    {
        get
        {
            lock (_gate)
                return _late;
        }
    }

    /// <summary>One question was answered after that time.</summary>
    public void Add(TimeSpan latency)
    {
        lock (_gate)
        {
            _milliseconds[_seen++ % Size] = latency.TotalMilliseconds;
            if (_seen < Enough || _seen % Refresh != 0)
                return;
            double[] sorted = [.. _milliseconds.Take((int)Math.Min(_seen, Size)).Order()];
            _late = TimeSpan.FromMilliseconds(sorted[(int)(options.HedgeQuantile * (sorted.Length - 1))]);
        }
    }
}
