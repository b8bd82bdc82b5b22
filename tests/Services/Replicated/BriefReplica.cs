using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samples.Services.Replicated;

/// <summary>
/// A replica whose keep-alive ends after one answer. The next request on the same connection has come in when it is closed, as if the two
/// had met on the way; or the connection is closed at once, without a word of it in the answer.
/// </summary>
internal sealed class BriefReplica : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly bool _closesAtOnce;
    private readonly Task _accepting;
    private int _closed;

    public BriefReplica(bool closesAtOnce)
    {
        _closesAtOnce = closesAtOnce;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Requests but probes, answered or not, by their first line.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>Connections that were closed although nothing had said so.</summary>
    public int Closed => _closed;

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                _connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_ended.Token)));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            using (socket)
            {
                for (var isFirst = true; await ReadAsync(socket) is { } request; isFirst = false)
                {
                    var isProbe = request.StartsWith("GET /readyz", StringComparison.Ordinal);
                    if (!isProbe)
                        Asked.Enqueue(request);
                    if (!isFirst)
                        break;
                    var close = isProbe ? "Connection: close\r\n" : "";
                    await socket.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{close}Content-Length: 4\r\n\r\nwell"));
                    if (isProbe)
                        return;
                    if (_closesAtOnce)
                        break;
                }
            }

            Interlocked.Increment(ref _closed);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The other side is gone.
        }
    }

    // A request whole, with its body, by its first line; null at the end of the connection.
    private async Task<string?> ReadAsync(Socket socket)
    {
        var text = "";
        var buffer = new byte[4096];
        while (true)
        {
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && text.Length >= end + 4 + LengthOf(text[..end]))
                return text[..text.IndexOf('\r')];
            var read = await socket.ReceiveAsync(buffer, _ended.Token);
            if (read == 0)
                return null;
            text += Encoding.ASCII.GetString(buffer, 0, read);
        }
    }

    private static int LengthOf(string head) => head.Split("\r\n")
        .Where(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
        .Select(line => int.Parse(line["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture))
        .FirstOrDefault();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _accepting;
        await Task.WhenAll(_connections);
        _listener.Dispose();
        _ended.Dispose();
    }
}
