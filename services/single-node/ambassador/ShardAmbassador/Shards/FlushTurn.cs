using System.Net.Sockets;

namespace Samples.ShardAmbassador.Shards;

/// <summary>
/// Collects the connections that have something to send and flushes them once a turn: commands of many clients that come in at about the
/// same time leave in one system call for each server.
/// </summary>
/// <remarks>
/// A turn ends when the thread that waits for sockets has handled what it has at hand. That thread says so to itself: a byte on a socket of
/// its own comes back after everything that was ready before it. Another thread in its place costs a wake-up a turn, which is a third more
/// processor time.
/// </remarks>
internal sealed class FlushTurn : IAsyncDisposable
{
    private static readonly byte[] Ring = [1];

    private readonly Lock _gate = new();
    private readonly Socket _bell, _heard;
    private readonly Task _listening;
    private List<ShardConnection> _waiting = [], _flushing = [];
    private bool _isRinging;

    public FlushTurn()
    {
        var path = Path.Combine(Path.GetTempPath(), $"turn-{Guid.NewGuid():n}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        _bell = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _bell.Connect(new UnixDomainSocketEndPoint(path));
        _heard = listener.Accept();
        File.Delete(path);
        _listening = Task.Run(ListenAsync);
    }

    /// <summary>Flushes this connection at the end of the turn.</summary>
    public void Add(ShardConnection connection)
    {
        lock (_gate)
            _waiting.Add(connection);
    }

    /// <summary>Asks for the end of the turn; once is enough for everything that is added until then.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (_isRinging || _waiting.Count == 0)
                return;
            _isRinging = true;
        }

        _bell.Send(Ring);
    }

    private async Task ListenAsync()
    {
        var heard = new byte[16];
        try
        {
            while (await _heard.ReceiveAsync(heard, SocketFlags.None) > 0)
                Flush();
        }
        catch (SocketException)
        {
            // Closed, with everything else.
        }
    }

    private void Flush()
    {
        lock (_gate)
        {
            _isRinging = false;
            (_waiting, _flushing) = (_flushing, _waiting);
        }

        foreach (var connection in _flushing)
            connection.Flush();
        _flushing.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        _bell.Dispose();
        await _listening;
        _heard.Dispose();
    }
}
