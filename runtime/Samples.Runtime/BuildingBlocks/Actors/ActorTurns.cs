namespace Samples.Runtime.BuildingBlocks.Actors;

/// <summary>How a caller got into an actor.</summary>
internal enum Entry
{
    /// <summary>It begins a turn.</summary>
    Turn,

    /// <summary>It came back within a turn of its own chain of calls.</summary>
    Reentry,

    /// <summary>This activation is over: look the actor up again.</summary>
    Closed,
}

/// <summary>
/// One turn at a time, in the order of arrival. The turns of an actor are kept in one place for all replicas, whichever of them has
/// it: that is why two activations of one actor never run a turn at the same time.
/// </summary>
internal sealed class ActorTurns
{
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiting> _queue = new();
    private TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _chain;
    private int _depth;
    private bool _closed;

    /// <summary>True while a turn runs.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_gate)
                return _depth > 0;
        }
    }

    /// <summary>Completes when the running turn is on a replica that does not answer any more.</summary>
    public Task Stalled
    {
        get
        {
            lock (_gate)
                return _stalled.Task;
        }
    }

    /// <summary>
    /// Waits for the turn. <see cref="Leave"/> must follow, but for <see cref="Entry.Closed"/>. Throws
    /// <see cref="ActorStalledException"/> for an impatient caller, and <see cref="StackDepthException"/>.
    /// </summary>
    /// <param name="chain">The chain of calls (Dapr-Reentrancy-Id); null for one that must not come back.</param>
    /// <param name="maxDepth">The longest chain within the actor.</param>
    /// <param name="patient">Waits through a stall, too.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public async Task<Entry> EnterAsync(string? chain, int maxDepth, bool patient, CancellationToken cancel)
    {
        var waiting = new Waiting(chain, patient);
        lock (_gate)
        {
            if (_closed)
                return Entry.Closed;
            if (_depth > 0 && chain is not null && chain == _chain)
            {
                if (_depth >= maxDepth)
                    throw new StackDepthException();
                _depth++;
                return Entry.Reentry;
            }

            if (_depth == 0)
            {
                _depth = 1;
                _chain = chain;
                return Entry.Turn;
            }

            if (_stalled.Task.IsCompleted && !patient)
                throw new ActorStalledException();
            _queue.AddLast(waiting);
        }

        await using var giveUp = cancel.UnsafeRegister(_ =>
        {
            lock (_gate)
            {
                // One that was granted in the meantime has the turn, and gives it back itself.
                if (_queue.Remove(waiting))
                    waiting.Granted.TrySetCanceled(cancel);
            }
        }, null);
        return await waiting.Granted.Task;
    }

    /// <summary>Ends what <see cref="EnterAsync"/> began; with the last one of a turn, the next in line has it.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            if (--_depth > 0)
                return;
            _chain = null;
            if (_stalled.Task.IsCompleted)
                _stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            while (_closed && _queue.First is { } left)
            {
                _queue.RemoveFirst();
                left.Value.Granted.TrySetResult(Entry.Closed);
            }

            if (_queue.First is not { } next)
                return;
            _queue.RemoveFirst();
            _depth = 1;
            _chain = next.Value.Chain;
            next.Value.Granted.TrySetResult(Entry.Turn);
        }
    }

    /// <summary>The holder of the turn ends the activation: everybody who waits, and comes later, is sent away.</summary>
    public void Close()
    {
        lock (_gate)
            _closed = true;
    }

    /// <summary>The replica of the running turn does not answer: who is not patient is told, now and until the turn ends.</summary>
    public void Stall()
    {
        lock (_gate)
        {
            if (_depth == 0)
                return;
            _stalled.TrySetResult();
            for (var node = _queue.First; node is not null;)
            {
                var (waiting, after) = (node.Value, node.Next);
                if (!waiting.Patient)
                {
                    _queue.Remove(node);
                    waiting.Granted.TrySetException(new ActorStalledException());
                }

                node = after;
            }
        }
    }

    private sealed class Waiting(string? chain, bool patient)
    {
        public string? Chain => chain;

        public bool Patient => patient;

        public TaskCompletionSource<Entry> Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The actor is in a turn on a replica that does not answer any more; until that turn ends, no other may begin.</summary>
internal sealed class ActorStalledException() : Exception(
    "the replica that has the actor in a turn does not answer any more; the actor can be called again when that replica resumes or dies");

/// <summary>A chain of calls came back into an actor too often.</summary>
internal sealed class StackDepthException() : Exception("maximum stack depth exceeded");
