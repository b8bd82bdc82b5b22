namespace Samples.QueueManager;

/// <summary>How many workers keep up, and from what that follows.</summary>
/// <param name="ArrivalsPerSecond">New items, measured over the last periods.</param>
/// <param name="SecondsPerItem">A worker's time for one item, mean of the last ones.</param>
/// <param name="Queued">Items that wait.</param>
/// <param name="Workers">The number to run.</param>
public sealed record DemandReport(double ArrivalsPerSecond, double SecondsPerItem, int Queued, int Workers);

/// <summary>
/// The book's rule of dynamic scaling: workers keep up when the time for an item, shared among them, is below the time
/// between arrivals. They are kept 80% busy, and more are asked for while there is a backlog to work off.
/// </summary>
public sealed class Demand(QueueOptions options, TimeProvider time)
{
    private const double Busy = 0.8;
    // Arrivals are counted over two periods: long enough to smooth what a single listing finds, short enough to follow a load that doubles.
    private const int Periods = 2, Samples = 20;

    private readonly Lock _gate = new();
    private readonly Queue<(long At, int Count)> _arrivals = new();
    private readonly Queue<double> _seconds = new();
    private readonly long _began = time.GetTimestamp();

    /// <summary>So many new items were found.</summary>
    public void Arrived(int count)
    {
        lock (_gate)
            _arrivals.Enqueue((time.GetTimestamp(), count));
    }

    /// <summary>A worker needed that long for an item.</summary>
    public void Finished(TimeSpan needed)
    {
        lock (_gate)
        {
            _seconds.Enqueue(needed.TotalSeconds);
            if (_seconds.Count > Samples)
                _seconds.Dequeue();
        }
    }

    /// <summary>What follows for a number of waiting items.</summary>
    public DemandReport Report(int queued)
    {
        lock (_gate)
        {
            var window = options.Period * Periods;
            while (_arrivals.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > window)
                _arrivals.Dequeue();
            var observed = Math.Clamp(time.GetElapsedTime(_began).TotalSeconds, options.Period.TotalSeconds, window.TotalSeconds);
            var rate = _arrivals.Sum(a => a.Count) / observed;
            var seconds = _seconds.Count == 0 ? 0 : _seconds.Average();
            return new DemandReport(rate, seconds, queued, WorkersFor(rate, seconds, queued, options));
        }
    }

    /// <summary>The rule itself. As long as no item is done, nobody knows how long one takes: then the fewest.</summary>
    public static int WorkersFor(double arrivalsPerSecond, double secondsPerItem, int queued, QueueOptions options)
    {
        // What arrives within two periods waits for the next listing anyway; only more than that is a backlog.
        var backlog = Math.Max(0, queued - arrivalsPerSecond * options.Period.TotalSeconds * 2);
        var needed = (arrivalsPerSecond + backlog / options.WorkOff.TotalSeconds) * secondsPerItem / Busy;
        return Math.Clamp((int)Math.Min(Math.Ceiling(needed), options.Workers.Max), options.Workers.Min, options.Workers.Max);
    }
}
