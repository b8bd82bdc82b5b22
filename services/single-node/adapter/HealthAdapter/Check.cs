using Samples.HealthAdapter.Probes;

namespace Samples.HealthAdapter;

/// <summary>What is known of one database.</summary>
/// <param name="Healthy">Whether it takes part; null before the first answer.</param>
/// <param name="Problem">What the last probe met; null when it was answered.</param>
/// <param name="FailuresInARow">Probes that failed since the last one that did not.</param>
/// <param name="UnderWay">Probes that have not ended: one at most.</param>
/// <param name="Asked">Probes so far.</param>
/// <param name="LastMilliseconds">How long the last answer took.</param>
/// <param name="TurnsWithinSeconds">How long it takes at most from a failure of the database to its being called unhealthy.</param>
internal sealed record CheckView(
    bool? Healthy, string? Problem, int FailuresInARow, int UnderWay, long Asked, double? LastMilliseconds, double TurnsWithinSeconds);

/// <summary>
/// Asks a database once in each period, and decides by several answers in a row: one slow answer is no outage. A probe that goes on after
/// its limit has failed, and no other begins before it has ended: a database that is stuck must not be given more to do, and gets no more
/// connections than one.
/// </summary>
internal sealed class Check(string name, IProbe probe, CheckLimits limits, TimeProvider time)
{
    private readonly Lock _turn = new();
    private Task? _underWay;
    private bool? _isHealthy;
    private string? _problem = "It has not been asked yet.";
    private int _failures, _successes;
    private int _asking;
    private long _asked;
    private double? _took;

    public string Name => name;

    /// <summary>As it is now.</summary>
    public CheckView View
    {
        get
        {
            lock (_turn)
            {
                // Counted, and not taken for granted; one that has answered is not over before its task is.
                var underWay = Math.Max(Volatile.Read(ref _asking), _underWay is { IsCompleted: false } ? 1 : 0);
                return new CheckView(_isHealthy, _problem, _failures, underWay, _asked, _took, limits.TurnsWithin.TotalSeconds);
            }
        }
    }

    /// <summary>Asks and judges; takes no longer than the limit.</summary>
    public async Task RunOnceAsync(CancellationToken cancel)
    {
        if (_underWay is { IsCompleted: false })
        {
            Judge("The probe before has still not ended.", null);
            return;
        }

        using var limit = new CancellationTokenSource(limits.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        var began = time.GetTimestamp();
        Task asking;
        lock (_turn)
        {
            _asked++;
            _underWay = asking = AskAsync(either.Token);
        }

        try
        {
            await asking.WaitAsync(either.Token);
            Judge(null, time.GetElapsedTime(began).TotalMilliseconds);
        }
        catch (Exception error) when (!cancel.IsCancellationRequested)
        {
            var isLate = error is OperationCanceledException || limit.IsCancellationRequested;
            Judge(isLate ? $"It did not answer within {limits.Timeout.TotalSeconds:0.###} s." : Words(error), null);
        }
        finally
        {
            // What goes on after its limit is not waited for, but its end is taken note of.
            _ = asking.ContinueWith(
                static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    // A token source may be disposed while a probe that overstays still has its token; the probe gets one of its own.
    private async Task AskAsync(CancellationToken cancel)
    {
        await Task.Yield();
        using var own = new CancellationTokenSource();
        await using var _ = cancel.Register(static source => ((CancellationTokenSource)source!).Cancel(), own);
        Interlocked.Increment(ref _asking);
        try
        {
            await probe.AskAsync(own.Token);
        }
        finally
        {
            Interlocked.Decrement(ref _asking);
        }
    }

    private void Judge(string? problem, double? took)
    {
        lock (_turn)
        {
            (_problem, _took) = (problem, took ?? _took);
            (_failures, _successes) = problem is null ? (0, _successes + 1) : (_failures + 1, 0);
            if (problem is null && (_isHealthy is null || _successes >= limits.Successes))
                _isHealthy = true;
            else if (problem is not null && (_isHealthy is null || _failures >= limits.Failures))
                _isHealthy = false;
        }
    }

    // Of the driver, without the stack and without what a connection string holds.
    private static string Words(Exception error) => error.GetBaseException().Message.Split('\n')[0];
}

/// <summary>When a check asks and how it decides.</summary>
/// <param name="Period">From one question to the next [PERIOD_SECONDS].</param>
/// <param name="Timeout">How long an answer may take [TIMEOUT_SECONDS].</param>
/// <param name="Failures">So many failures in a row make it unhealthy [FAILURES].</param>
/// <param name="Successes">So many answers in a row make it healthy again [SUCCESSES].</param>
internal sealed record CheckLimits(TimeSpan Period, TimeSpan Timeout, int Failures, int Successes)
{
    /// <summary>
    /// From the moment at which the database stops answering until it is called unhealthy: the question that was just answered, then so
    /// many that fail, and a period for whatever else the machine has to do meanwhile.
    /// </summary>
    public TimeSpan TurnsWithin => (Period > Timeout ? Period : Timeout) * Failures + Timeout + Period;
}
