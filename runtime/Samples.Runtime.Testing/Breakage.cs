using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>A component that is broken until this is disposed.</summary>
public sealed class Breakage : IDisposable
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _repaired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Calls, TaskCompletionSource Reached)> _waiting = [];
    private readonly string _component;
    private readonly Fault _fault;
    private readonly TimeProvider _time;
    private readonly Action<Breakage> _end;
    private int _calls;

    internal Breakage(string component, Fault fault, TimeProvider time, Action<Breakage> end)
    {
        _component = component;
        _fault = fault;
        _time = time;
        _end = end;
    }

    /// <summary>How many calls of the component met the fault so far; tries of a retry policy count each.</summary>
    public int Calls => Volatile.Read(ref _calls);

    /// <summary>Completes when so many calls met the fault. Throws <see cref="TestDaprException"/> where they do not come.</summary>
    public async Task WhenHitAsync(int calls = 1, TimeSpan? within = null)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_calls >= calls)
                return;
            _waiting.Add((calls, reached));
        }

        try
        {
            await reached.Task.WaitAsync(within ?? TestDapr.DefaultPatience);
        }
        catch (TimeoutException)
        {
            throw new TestDaprException(
                $"'{_component}' was called {Calls} times while it was broken, not {calls}. "
                + "Check that the application uses this component; a circuit breaker that is open lets no call through.");
        }
    }

    /// <summary>Repairs the component.</summary>
    public void Dispose()
    {
        _end(this);
        _repaired.TrySetResult();
    }

    internal bool HoldsBackDeliveries => _fault.Kind == FaultKind.Disconnected;

    internal Task Repaired => _repaired.Task;

    /// <summary>One call; throws, or takes longer, while it is the turn of the fault.</summary>
    internal async Task MeetAsync(CancellationToken cancel)
    {
        List<TaskCompletionSource> reached;
        lock (_gate)
        {
            if (_calls >= _fault.Times)
                return;
            _calls++;
            reached = [.. _waiting.Where(w => w.Calls <= _calls).Select(w => w.Reached)];
        }

        // A test that is told moves the clock: by then the delay has begun.
        var delay = _fault.Kind == FaultKind.Slow ? Task.Delay(_fault.Delay, _time, cancel) : null;
        reached.ForEach(r => r.TrySetResult());
        await (delay ?? throw new EngineTargetException(_fault.Message));
    }
}
