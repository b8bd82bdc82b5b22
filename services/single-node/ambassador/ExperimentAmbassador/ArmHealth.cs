namespace Samples.ExperimentAmbassador;

/// <summary>
/// A circuit breaker for the experiment: after some failures in a row its clients go to production at once, instead of waiting for one more
/// timeout each; every now and then one request tries again.
/// </summary>
public sealed class ArmHealth(TimeProvider time)
{
    private const int Limit = 5;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private int _failures;
    private long _lastTry;

    /// <summary>True when a request may go to the experiment.</summary>
    public bool TryEnter()
    {
        lock (_gate)
        {
            if (_failures < Limit)
                return true;
            if (time.GetElapsedTime(_lastTry) < Rest)
                return false;
            _lastTry = time.GetTimestamp();
            return true;
        }
    }

    /// <summary>How a request that entered ended.</summary>
    public void Report(bool isAnswered)
    {
        lock (_gate)
        {
            _failures = isAnswered ? 0 : _failures + 1;
            if (!isAnswered)
                _lastTry = time.GetTimestamp();
        }
    }
}
