namespace Samples.Runtime.Clocks;

/// <summary>
/// A clock that somebody moves, and that stands while something is done that came due: so that a delivery at ten past does not see that it
/// is eleven already. Where the runtime's clock is one, schedulers, cron and brokers hold it while they work.
/// </summary>
public interface IMovedClock
{
    /// <summary>Work has begun; the clock stands until the result is disposed.</summary>
    IDisposable Hold();
}

/// <summary>Holding a clock that may be one that nobody moves.</summary>
internal static class ClockHolds
{
    /// <summary>Null where the clock goes by itself.</summary>
    public static IDisposable? Hold(this TimeProvider time) => (time as IMovedClock)?.Hold();
}
