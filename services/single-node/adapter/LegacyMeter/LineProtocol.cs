using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samples.LegacyMeter;

/// <summary>A question of one line, all rows as the answer, and the connection is closed.</summary>
internal sealed class LineProtocol : IDisposable
{
    private readonly TcpListener _listener;
    private readonly Register _register;

    public LineProtocol(Register register, int port)
    {
        _register = register;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends with the listener.</summary>
    public Task Accepting { get; }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                using var question = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
                // One at a time: devices are like that. A second is enough to ask.
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
                await stream.WriteAsync(
                    Encoding.UTF8.GetBytes(await question.ReadLineAsync(patience.Token) == "stats" ? _register.Rows() : "what?\n"),
                    patience.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // The next one, please.
            }
            catch (Exception error) when (error is ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    public void Dispose() => _listener.Dispose();
}
