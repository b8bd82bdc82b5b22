using System.Diagnostics;

namespace Samples.FunctionHost;

/// <summary>
/// What it costs that this process was not there: the time from its start until it listens, plus that of its first call. How long it
/// waited in between, for nothing to do, is left out.
/// </summary>
public sealed class ColdStart(TimeProvider time)
{
    private readonly DateTimeOffset _began = Process.GetCurrentProcess().StartTime;
    private TimeSpan _ready;
    private int _first;

    /// <summary>Milliseconds to the first answer; null before it.</summary>
    public double? Milliseconds { get; private set; }

    /// <summary>Processor time until then, in milliseconds; null before.</summary>
    public double? ProcessorMilliseconds { get; private set; }

    /// <summary>It listens.</summary>
    public void Listens() => _ready = time.GetUtcNow() - _began;

    /// <summary>A call ended; true where it was the first.</summary>
    public bool Answered(TimeSpan took)
    {
        if (Interlocked.Exchange(ref _first, 1) != 0)
            return false;
        Milliseconds = (_ready + took).TotalMilliseconds;
        ProcessorMilliseconds = Environment.CpuUsage.TotalTime.TotalMilliseconds;
        return true;
    }
}
