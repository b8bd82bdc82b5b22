namespace Samples.TopzSidecar;

/// <summary>What a process used in the last interval.</summary>
/// <param name="Pid">Its id.</param>
/// <param name="Parent">Its parent's id.</param>
/// <param name="State">The kernel's letter.</param>
/// <param name="CpuPercent">Of one processor: two that are kept busy are 200.</param>
/// <param name="MemoryPercent">Of the memory that there is.</param>
/// <param name="Command">Its command line.</param>
public sealed record ProcessUse(int Pid, int Parent, char State, double CpuPercent, double MemoryPercent, string Command);

/// <summary>All processes in one interval.</summary>
/// <param name="At">Its end.</param>
/// <param name="Seconds">Its length.</param>
/// <param name="Processes">By id.</param>
public sealed record ProcessUses(DateTimeOffset At, double Seconds, IReadOnlyList<ProcessUse> Processes);

/// <summary>
/// Measures the use of processors from one reading to the next. What the kernel counts since a process began says nothing about now: one
/// that ran wild yesterday would stand on top for ever.
/// </summary>
public sealed class ProcessMeter(IProcessTable table, TopzOptions options, TimeProvider time) : BackgroundService
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ProcessUses? _last;

    /// <summary>The last whole interval; the first takes until its end.</summary>
    public async Task<ProcessUses> LastAsync(CancellationToken cancel)
    {
        if (_last is null)
            await _first.Task.WaitAsync(cancel);
        return _last!;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var (before, began) = (table.Read(), time.GetTimestamp());
        using var timer = new PeriodicTimer(options.Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var (after, ended) = (table.Read(), time.GetTimestamp());
            _last = Measure(before, after, time.GetElapsedTime(began, ended), table.TotalMemory, time.GetUtcNow());
            _first.TrySetResult();
            (before, began) = (after, ended);
        }
    }

    /// <summary>The difference of two readings. A process that began in between used all that it has used.</summary>
    public static ProcessUses Measure(
        IReadOnlyList<ProcessReading> before, IReadOnlyList<ProcessReading> after, TimeSpan elapsed, long memory, DateTimeOffset at)
    {
        var earlier = before.ToDictionary(p => (p.Pid, p.Began), p => p.Used);
        return new ProcessUses(at, elapsed.TotalSeconds,
        [
            .. after.OrderBy(p => p.Pid).Select(p => new ProcessUse(p.Pid, p.Parent, p.State,
                Math.Max(0, 100 * (p.Used - earlier.GetValueOrDefault((p.Pid, p.Began))).TotalSeconds / elapsed.TotalSeconds),
                100.0 * p.Memory / memory, p.Command)),
        ]);
    }
}
