using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Samples.Runtime.Testing;

/// <summary>
/// A free port that nobody else can take: it is bound from the beginning, and refuses connections until the application listens on it.
/// </summary>
internal sealed class ReservedPort : IDisposable
{
    private Socket? _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public ReservedPort()
    {
        _socket!.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Number = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    public int Number { get; }

    /// <summary>The socket for a server in this process; a second server binds one of its own.</summary>
    public Socket Take(EndPoint wanted) =>
        wanted is IPEndPoint { Port: var port } && port == Number && Interlocked.Exchange(ref _socket, null) is { } socket
            ? socket
            : SocketTransportOptions.CreateDefaultBoundListenSocket(wanted);

    /// <summary>Lets go of the port, for another process.</summary>
    public void Dispose() => Interlocked.Exchange(ref _socket, null)?.Dispose();
}
