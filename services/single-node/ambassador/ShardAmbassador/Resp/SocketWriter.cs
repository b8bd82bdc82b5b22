using System.Net.Sockets;

namespace Samples.ShardAmbassador.Resp;

/// <summary>
/// What waits to be sent on a socket. Sending never blocks: what the kernel does not take at once goes on in the background, one send after
/// the other. All members are called under the owner's lock, <paramref name="gate"/>.
/// </summary>
internal sealed class SocketWriter(Socket socket, Lock gate, Action<bool> settled)
{
    private GrowingBuffer _waiting = new(), _leaving = new();
    private bool _sending;

    /// <summary>Bytes that the kernel has not taken.</summary>
    public int Length => _waiting.Length + _leaving.Length;

    /// <summary>Where to write; nothing leaves before <see cref="Flush"/>.</summary>
    public GrowingBuffer Output => _waiting;

    /// <summary>The background send, to be awaited before the socket is disposed.</summary>
    public Task Background { get; private set; } = Task.CompletedTask;

    /// <summary>Sends what waits. False when the connection is broken.</summary>
    public bool Flush()
    {
        if (_sending || _waiting.Length == 0)
            return true;
        try
        {
            var sent = socket.Send(_waiting.Span, SocketFlags.None, out var error);
            if (error == SocketError.Success)
                _waiting.Take(sent);
            else if (error != SocketError.WouldBlock)
                return false;
        }
        catch (ObjectDisposedException)
        {
            // Closed by whoever found it silent; its reader cleans up.
            return false;
        }

        if (_waiting.Length > 0)
        {
            _sending = true;
            Background = SendRestAsync();
        }

        return true;
    }

    // Tells the owner when all has left (true) or the connection broke (false).
    private async Task SendRestAsync()
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                lock (gate)
                {
                    (_waiting, _leaving) = (_leaving, _waiting);
                    if (_leaving.Length == 0)
                    {
                        _sending = false;
                        settled(true);
                        return;
                    }
                }

                while (_leaving.Length > 0)
                {
                    var sent = await socket.SendAsync(_leaving.Memory, SocketFlags.None);
                    lock (gate)
                        _leaving.Take(sent);
                }
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            lock (gate)
                settled(false);
        }
    }

    /// <summary>Gives the memory back, after <see cref="Background"/>.</summary>
    public void Release()
    {
        _waiting.Release();
        _leaving.Release();
    }
}
