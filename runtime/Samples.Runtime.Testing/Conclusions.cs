using Samples.Runtime.Components;

namespace Samples.Runtime.Testing;

/// <summary>Waits until every group is done with one event, whatever became of it.</summary>
internal sealed class Conclusions : IDisposable
{
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ComponentLine _line;
    private readonly HashSet<string> _open;
    private readonly byte[] _id;

    public Conclusions(ComponentLine line, IEnumerable<string> groups, byte[] id)
    {
        _line = line;
        _open = [.. groups];
        _id = id;
        line.Concluded += Conclude;
    }

    public async Task WaitAsync(TimeSpan limit, CancellationToken cancel)
    {
        try
        {
            await _all.Task.WaitAsync(limit, cancel);
        }
        catch (TimeoutException)
        {
            string open;
            lock (_open)
                open = string.Join(", ", _open);
            throw new TestDaprException(
                $"the event was not answered within {limit.TotalSeconds:0} s by: {open}. A handler may still run, or wait for a clock that "
                + "nobody moves; or '" + _line.Component.Name + "' is broken by this test.");
        }
    }

    public void Dispose() => _line.Concluded -= Conclude;

    private void Conclude(string group, BrokerMessage message)
    {
        if (message.Data.Span.IndexOf(_id) < 0)
            return;
        lock (_open)
        {
            _open.Remove(group);
            if (_open.Count == 0)
                _all.TrySetResult();
        }
    }
}
