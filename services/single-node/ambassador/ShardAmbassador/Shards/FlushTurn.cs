namespace Samples.ShardAmbassador.Shards;

/// <summary>
/// Collects the connections that have something to send and flushes them once a turn: commands of many clients that come in at about the same time leave
/// in one system call for each server.
/// </summary>
internal sealed class FlushTurn : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private List<ShardConnection> _waiting = [], _flushing = [];
    private bool _isScheduled;

    /// <summary>Flushes this connection at the end of the turn.</summary>
    public void Add(ShardConnection connection)
    {
        lock (_gate)
            _waiting.Add(connection);
    }

    /// <summary>Ends the turn, now or as soon as the one that is being ended is over.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_isScheduled || _waiting.Count == 0)
                return;
            _isScheduled = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _isScheduled = false;
                    return;
                }

                (_waiting, _flushing) = (_flushing, _waiting);
            }

            foreach (var connection in _flushing)
                connection.Flush();
            _flushing.Clear();
        }
    }
}
