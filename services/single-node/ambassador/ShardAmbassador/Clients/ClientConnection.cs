using System.Net.Sockets;
using Samples.ShardAmbassador.Resp;

namespace Samples.ShardAmbassador.Clients;

/// <summary>
/// One client: reads its commands as they come (pipelining needs no more than that), hands them to the router, and writes the replies in
/// the order of the commands. A client that asks faster than it reads is not read from any more until it has caught up.
/// </summary>
internal sealed class ClientConnection : IDisposable
{
    private const int MostOwed = 4096, MostUnsent = 1024 * 1024, LeastRead = 1024;

    private readonly Socket _socket;
    private readonly CommandRouter _router;
    private readonly RespLimits _limits;
    private readonly SocketWriter _writer;
    private readonly Lock _gate = new();
    private readonly Queue<OwedReply> _owed = new();
    private readonly Stack<OwedReply> _spare = new();
    private TaskCompletionSource? _room;
    private bool _isMarked, _isBroken;

    public ClientConnection(Socket socket, CommandRouter router, RespLimits limits)
    {
        socket.NoDelay = true;
        socket.Blocking = false;
        _socket = socket;
        _router = router;
        _limits = limits;
        _writer = new SocketWriter(socket, _gate, Settled);
    }

    /// <summary>2 until the client says HELLO 3.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>What the client calls itself.</summary>
    public string Name { get; set; } = "";

    /// <summary>Set by QUIT: the connection closes after its replies.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>
    /// Set by a MULTI that was refused, until EXEC or DISCARD: what a pipeline sends between them must not run one by one.
    /// </summary>
    public bool IsInRefusedTransaction { get; set; }

    /// <summary>A number of its own.</summary>
    public required long Id { get; init; }

    /// <summary>Serves the client until it leaves, breaks the protocol, or the ambassador stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        var input = new GrowingBuffer();
        var reader = new CommandReader(_limits);
        try
        {
            while (!IsLeaving && !_isBroken)
            {
                await RoomAsync(cancel);
                var received = await _socket.ReceiveAsync(input.GetMemory(LeastRead), SocketFlags.None, cancel);
                if (received == 0)
                    break;
                input.Advance(received);
                ReadCommands(input, reader);
                _router.Flush();
                Flush();
            }

            await DrainAsync(cancel);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The client is gone, or the ambassador stops; replies under way are dropped when they come.
        }
        finally
        {
            input.Release();
            await CloseAsync();
        }
    }

    private void ReadCommands(GrowingBuffer input, CommandReader reader)
    {
        try
        {
            while (!IsLeaving && reader.TryRead(input.Span, out var length))
            {
                if (reader.Count > 0)
                    _router.Route(this, reader, input.Span[..length]);
                input.Take(length);
            }
        }
        catch (RespException error)
        {
            Answer(RespWriter.Error(error.Message));
            IsLeaving = true;
        }
    }

    /// <summary>A reply that is known at once; it still waits for those before it.</summary>
    public void Answer(ReadOnlySpan<byte> reply)
    {
        lock (_gate)
        {
            if (_owed.Count == 0)
                _writer.Output.Append(reply);
            else
                OweLocked(null).Hold(reply);
        }
    }

    /// <summary>A reply that a server will give.</summary>
    public OwedReply Owe(MergedReply? merge = null)
    {
        lock (_gate)
            return OweLocked(merge);
    }

    private OwedReply OweLocked(MergedReply? merge)
    {
        if (!_spare.TryPop(out var owed))
            owed = new OwedReply(this);
        owed.Merge = merge;
        _owed.Enqueue(owed);
        return owed;
    }

    /// <summary>
    /// Takes a server's reply, or one part of it. True when the caller shall call <see cref="Flush"/> after the replies that it has at
    /// hand.
    /// </summary>
    public bool Deliver(OwedReply owed, int part, ReadOnlySpan<byte> reply)
    {
        lock (_gate)
        {
            if (owed.Merge is { } merge)
            {
                if (merge.Add(part, reply) is not { } whole)
                    return false;
                reply = whole;
            }

            if (_isBroken)
                return false;
            if (_owed.Peek() != owed)
            {
                owed.Hold(reply);
                return false;
            }

            _writer.Output.Append(reply);
            Recycle();
            while (_owed.TryPeek(out var next) && next.IsHeld)
            {
                _writer.Output.Append(next.Held);
                Recycle();
            }

            var isFirst = !_isMarked;
            _isMarked = true;
            return isFirst;
        }
    }

    private void Recycle()
    {
        var done = _owed.Dequeue();
        done.Reset();
        _spare.Push(done);
    }

    /// <summary>Sends the replies that are ready.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _isMarked = false;
            if (!_isBroken && !_writer.Flush())
                Break();
            MakeRoom();
        }
    }

    private bool IsFull => _owed.Count > MostOwed || _writer.Length > MostUnsent;

    private Task RoomAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            if (!IsFull || _isBroken)
                return Task.CompletedTask;
            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _room.Task.WaitAsync(cancel);
        }
    }

    private void MakeRoom()
    {
        if (_room is not null && (_isBroken || !IsFull))
        {
            _room.TrySetResult();
            _room = null;
        }
    }

    // What the kernel would not take at once is sent, or never will be.
    private void Settled(bool isSent)
    {
        if (!isSent)
            Break();
        MakeRoom();
    }

    private void Break()
    {
        _isBroken = true;
        // Ends the read that is under way.
        _socket.Close();
    }

    // After QUIT or an error of the protocol: what is owed still goes out.
    private async Task DrainAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(5));
        while (!limit.IsCancellationRequested)
        {
            lock (_gate)
            {
                if (_isBroken || (_owed.Count == 0 && _writer.Length == 0))
                    return;
            }

            await Task.Delay(5, limit.Token);
        }
    }

    private async Task CloseAsync()
    {
        Task background;
        lock (_gate)
        {
            _isBroken = true;
            background = _writer.Background;
        }

        _socket.Dispose();
        await background;
        lock (_gate)
        {
            foreach (var owed in _owed.Where(o => o.IsHeld))
                owed.Reset();
            _owed.Clear();
            _writer.Release();
        }
    }

    public void Dispose() => _socket.Dispose();
}
