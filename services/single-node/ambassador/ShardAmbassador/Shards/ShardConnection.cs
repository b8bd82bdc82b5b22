using System.Net.Sockets;
using Samples.ShardAmbassador.Clients;
using Samples.ShardAmbassador.Resp;

namespace Samples.ShardAmbassador.Shards;

/// <summary>
/// The connection to one server that all clients share. Commands go out in the order of <see cref="Send"/>, and Redis answers in the order
/// in which it was asked: the queue of owed replies says whose each one is. It connects when it is first needed, and again after it broke.
/// </summary>
internal sealed class ShardConnection(Shard shard, int protocol, TimeProvider time, FlushTurn turn) : IAsyncDisposable
{
    private readonly byte[] _tooLarge = RespWriter.Error(
        $"ERR the reply is larger than {shard.Settings.Limits.Bytes >> 20} MiB; ask for less at once");
    private readonly Lock _gate = new();
    private readonly Queue<(OwedReply? Reply, int Part)> _asked = new();
    private readonly GrowingBuffer _beforeOpen = new();
    private readonly CancellationTokenSource _closing = new();
    private Socket? _socket;
    private SocketWriter? _writer;
    private Task _running = Task.CompletedTask;
    private bool _isRunning, _isMarked;
    private long _lastSign;

    /// <summary>Replies that came.</summary>
    public long Answered { get; private set; }

    /// <summary>Commands that got an error because the connection broke.</summary>
    public long Failed { get; private set; }

    /// <summary>Sends a command, or a part of one; its reply is delivered to the client.</summary>
    public void Send(OwedReply reply, int part, ReadOnlySpan<byte> command)
    {
        lock (_gate)
        {
            if ((_writer?.Length ?? _beforeOpen.Length) + command.Length <= shard.Settings.Limits.Bytes)
            {
                (_writer?.Output ?? _beforeOpen).Append(command);
                if (_asked.Count == 0)
                    _lastSign = time.GetTimestamp();
                _asked.Enqueue((reply, part));
                if (!_isRunning)
                {
                    _isRunning = true;
                    _running = RunAsync();
                }
                else if (_writer is not null && !_isMarked)
                {
                    _isMarked = true;
                    turn.Add(this);
                }

                return;
            }
        }

        // A server that takes nothing must not fill the memory.
        Deliver(reply, part, RespWriter.Error($"ERR {shard.Server.Name} has too much to do; try again later"))?.Flush();
    }

    /// <summary>Sends what was collected.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            _isMarked = false;
            if (_writer is { } writer && !writer.Flush())
                _socket?.Close();
        }
    }

    /// <summary>Breaks the connection when the server owes replies and has said nothing for too long.</summary>
    public void CheckSilence()
    {
        lock (_gate)
        {
            if (_asked.Count > 0 && _socket is not null && time.GetElapsedTime(_lastSign) > shard.Settings.Timeout)
                _socket.Close();
        }
    }

    private async Task RunAsync()
    {
        await Task.Yield();
        string why;
        try
        {
            await ConnectAsync();
            why = await ReadRepliesAsync();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException
            or RespException or HttpRequestException)
        {
            why = error switch
            {
                RespException or HttpRequestException => error.Message,
                SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
                SocketException { SocketErrorCode: SocketError.ConnectionReset } => "connection reset",
                _ => $"no answer within {shard.Settings.Timeout.TotalMilliseconds:0} ms",
            };
        }

        await EndAsync(why);
    }

    private async Task ConnectAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        limit.CancelAfter(shard.Settings.Timeout);
        var address = await shard.Address(limit.Token);
        var family = address.AddressFamily == AddressFamily.Unspecified ? AddressFamily.InterNetwork : address.AddressFamily;
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, limit.Token);
            socket.Blocking = false;
            if (protocol == 3)
                await SayHelloAsync(socket, limit.Token);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        lock (_gate)
        {
            _socket = socket;
            _writer = new SocketWriter(socket, _gate, isSent =>
            {
                if (!isSent)
                    socket.Close();
            });
            _writer.Output.Append(_beforeOpen.Span);
            _beforeOpen.Release();
            _lastSign = time.GetTimestamp();
        }

        Flush();
    }

    private static async Task SayHelloAsync(Socket socket, CancellationToken cancel)
    {
        await socket.SendAsync("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n"u8.ToArray(), SocketFlags.None, cancel);
        var scanner = new ReplyScanner(RespLimits.Line);
        var reply = new GrowingBuffer();
        while (!scanner.TryRead(reply.Span, out _))
        {
            var received = await socket.ReceiveAsync(reply.GetMemory(), SocketFlags.None, cancel);
            if (received == 0)
                throw new RespException("it closed the connection");
            reply.Advance(received);
        }

        var isRefused = reply.Span[0] == '-';
        reply.Release();
        if (isRefused)
            throw new RespException("it does not speak RESP3");
    }

    private async Task<string> ReadRepliesAsync()
    {
        var input = new GrowingBuffer();
        var scanner = new ReplyScanner(shard.Settings.Limits.Bytes);
        var clients = new List<ClientConnection>();
        try
        {
            while (true)
            {
                var received = await _socket!.ReceiveAsync(input.GetMemory(16 * 1024), SocketFlags.None, _closing.Token);
                if (received == 0)
                    return "it closed the connection";
                input.Advance(received);
                _lastSign = time.GetTimestamp();
                DeliverReplies(input, scanner, clients);
                foreach (var client in clients)
                    client.Flush();
                clients.Clear();
            }
        }
        finally
        {
            input.Release();
        }
    }

    private void DeliverReplies(GrowingBuffer input, ReplyScanner scanner, List<ClientConnection> clients)
    {
        while (scanner.TryRead(input.Span, out var length, out var isTooLarge))
        {
            (OwedReply? Reply, int Part) asked;
            lock (_gate)
            {
                if (!_asked.TryDequeue(out asked))
                    throw new RespException("it answered what nobody asked");
                Answered++;
            }

            // Too large is a matter between the server and who asked; everybody else's replies go on behind it.
            if (Deliver(asked.Reply, asked.Part, isTooLarge ? _tooLarge : input.Span[..length]) is { } client)
                clients.Add(client);
            input.Take(length);
        }

        input.Take(scanner.Discard());
        shard.Ejection.Succeed();
    }

    private static ClientConnection? Deliver(OwedReply? reply, int part, ReadOnlySpan<byte> bytes) =>
        reply is not null && reply.Client.Deliver(reply, part, bytes) ? reply.Client : null;

    // Whether the server did what it was asked is unknown: the client is told, and nothing is sent a second time.
    private async Task EndAsync(string why)
    {
        SocketWriter? writer;
        lock (_gate)
        {
            (writer, _writer) = (_writer, null);
            _socket?.Dispose();
            _socket = null;
        }

        if (writer is not null)
        {
            await writer.Background;
            writer.Release();
        }

        // A connection that is closed while nobody waits for anything is no failure: servers close idle ones.
        bool isFailure;
        lock (_gate)
            isFailure = _asked.Count > 0 && !_closing.IsCancellationRequested;
        if (isFailure)
            shard.ReportFailure();
        (OwedReply? Reply, int Part)[] lost;
        lock (_gate)
        {
            lost = [.. _asked];
            _asked.Clear();
            _beforeOpen.Release();
            Failed += lost.Length;
            // From here on the next command connects anew.
            _isRunning = false;
        }

        var error = RespWriter.Error($"ERR {shard.Server.Name} failed: {why}");
        foreach (var (reply, part) in lost)
            Deliver(reply, part, error)?.Flush();
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        lock (_gate)
            _socket?.Close();
        await _running;
        _closing.Dispose();
    }
}
