namespace Samples.Cli.Activation;

/// <summary>
/// Keeps a process awake while somebody needs it, and lets it sleep when nobody has for a while. However many need it at once, it is
/// started once; one that is needed while it is being stopped is started again after that. It is never stopped under a visit.
/// </summary>
internal sealed class Sleeper(IProcess process, TimeSpan idle, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    // Starts and stops, one after the other.
    private readonly SemaphoreSlim _turn = new(1);
    private readonly CancellationTokenSource _closing = new();
    private Task? _waking;
    private int _visits, _awake;
    private long _left = time.GetTimestamp();

    /// <summary>How often it was started for somebody.</summary>
    public int Starts { get; private set; }

    /// <summary>
    /// Completes when the process takes requests; it stays awake until the visit is disposed. Throws what keeps it from starting.
    /// </summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancel)
    {
        Task waking;
        lock (_gate)
        {
            _visits++;
            waking = IsAwake ? Task.CompletedTask : _waking ??= WakeAsync();
        }

        var visit = new Visit(this);
        try
        {
            await waking.WaitAsync(cancel);
            return visit;
        }
        catch
        {
            visit.Dispose();
            throw;
        }
    }

    /// <summary>Stops the process where nobody has needed it for long enough; true where it did.</summary>
    public async Task<bool> RestAsync()
    {
        await _turn.WaitAsync(_closing.Token);
        try
        {
            lock (_gate)
            {
                if (_visits > 0 || process.Id == 0 || time.GetElapsedTime(_left) < idle)
                    return false;
                // Who comes from now on finds it asleep, and waits for its turn to start it.
                _awake = 0;
            }

            await process.StopAsync();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    // A process that died and was started again has another number: whether that one is ready is not known yet.
    private bool IsAwake => _awake != 0 && _awake == process.Id;

    private async Task WakeAsync()
    {
        // Not in the middle of somebody's lock.
        await Task.Yield();
        try
        {
            await _turn.WaitAsync(_closing.Token);
            try
            {
                if (process.Id == 0)
                    Starts++;
                await process.StartAsync(_closing.Token);
                lock (_gate)
                    _awake = process.Id;
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            lock (_gate)
                _waking = null;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            _visits--;
            _left = time.GetTimestamp();
        }
    }

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    private sealed class Visit(Sleeper sleeper) : IDisposable
    {
        private int _isOver;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                sleeper.Leave();
        }
    }
}
