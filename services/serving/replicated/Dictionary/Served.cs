namespace Samples.Dictionary;

/// <summary>What this replica was asked, for experiments and dashboards.</summary>
public sealed class Served
{
    private long _requests, _early;

    /// <summary>Requests so far.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Requests that came before it was ready: a load balancer's fault.</summary>
    public long Early => Interlocked.Read(ref _early);

    /// <summary>Counts one.</summary>
    public void Count(bool isReady)
    {
        Interlocked.Increment(ref _requests);
        if (!isReady)
            Interlocked.Increment(ref _early);
    }
}
