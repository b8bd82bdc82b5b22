namespace Samples.FunctionHost;

/// <summary>What a process has done since its start.</summary>
public sealed class Counts
{
    private long _calls, _failures, _dropped, _parked;

    /// <summary>A call ended.</summary>
    public void Called(bool isWell)
    {
        Interlocked.Increment(ref _calls);
        if (!isWell)
            Interlocked.Increment(ref _failures);
    }

    /// <summary>An event came again and was dropped.</summary>
    public void Dropped() => Interlocked.Increment(ref _dropped);

    /// <summary>An event was given up.</summary>
    public void Parked() => Interlocked.Increment(ref _parked);

    /// <summary>As it is now.</summary>
    public (long Calls, long Failures, long Dropped, long Parked) Read() => (
        Interlocked.Read(ref _calls), Interlocked.Read(ref _failures), Interlocked.Read(ref _dropped), Interlocked.Read(ref _parked));
}
