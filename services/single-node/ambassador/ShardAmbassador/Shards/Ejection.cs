namespace Samples.ShardAmbassador.Shards;

/// <summary>
/// Whether a server is in use: out after some failures in a row, back when it answers a probe that is due after a while. The probe is the
/// ambassador's own, so that no client's request is spent on finding out.
/// </summary>
/// <param name="limit">Failures in a row that take a server out.</param>
/// <param name="retryAfter">How long it is left alone before a probe.</param>
/// <param name="time">The clock.</param>
public sealed class Ejection(int limit, TimeSpan retryAfter, TimeProvider time)
{
    private readonly Lock _gate = new();
    private int _failures;
    private long _outSince;
    private bool _isProbing;

    /// <summary>True while the server gets no requests.</summary>
    public bool IsEjected { get; private set; }

    /// <summary>A failure: a connection that broke, was refused, or was silent too long. True when this one takes the server out.</summary>
    public bool Fail()
    {
        lock (_gate)
        {
            if (IsEjected || ++_failures < limit)
                return false;
            (IsEjected, _outSince) = (true, time.GetTimestamp());
            return true;
        }
    }

    /// <summary>An answer: failures count in a row only.</summary>
    public void Succeed() => _failures = 0;

    /// <summary>True once when a probe is due; then <see cref="EndProbe"/> must follow.</summary>
    public bool TryBeginProbe()
    {
        lock (_gate)
        {
            if (!IsEjected || _isProbing || time.GetElapsedTime(_outSince) < retryAfter)
                return false;
            return _isProbing = true;
        }
    }

    /// <summary>True when the server is in use again; otherwise it is left alone as long as before.</summary>
    public bool EndProbe(bool isAlive)
    {
        lock (_gate)
        {
            _isProbing = false;
            if (isAlive)
                (IsEjected, _failures) = (false, 0);
            else
                _outSince = time.GetTimestamp();
            return isAlive;
        }
    }
}
