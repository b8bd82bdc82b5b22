using System.Net;
using System.Net.Sockets;
using System.Text;
using Samples.ShardAmbassador.Resp;

namespace Samples.Services.Ambassador;

/// <summary>
/// Speaks enough Redis to say who it is: GET answers with its name, whatever the key; everything else with OK. It can be made to say
/// nothing.
/// </summary>
internal sealed class FakeShard : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly byte[] _name;
    private readonly Task _running;

    public FakeShard(string name, int port = 0)
    {
        _name = Encoding.UTF8.GetBytes($"${name.Length}\r\n{name}\r\n");
        if (port > 0)
            _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _running = AcceptAsync();
    }

    public int Port { get; }

    public volatile bool IsSilent;

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_closing.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var input = new GrowingBuffer();
        var reader = new CommandReader(new RespLimits());
        using (socket)
        {
            try
            {
                int received;
                while ((received = await socket.ReceiveAsync(input.GetMemory(4096), SocketFlags.None, _closing.Token)) > 0)
                {
                    input.Advance(received);
                    var output = new GrowingBuffer();
                    while (reader.TryRead(input.Span, out var length))
                    {
                        output.Append(Answer(reader, input.Span));
                        input.Take(length);
                    }

                    if (!IsSilent && output.Length > 0)
                        await socket.SendAsync(output.Memory, SocketFlags.None, _closing.Token);
                }
            }
            catch (Exception error) when (error is SocketException or OperationCanceledException)
            {
                // The other side is gone, or the test is over.
            }
        }
    }

    private byte[] Answer(CommandReader reader, ReadOnlySpan<byte> command) =>
        Encoding.ASCII.GetString(reader.Argument(command, 0)).ToUpperInvariant() switch
        {
            "GET" => _name,
            "PING" => "+PONG\r\n"u8.ToArray(),
            _ => "+OK\r\n"u8.ToArray(),
        };

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _running;
        _listener.Dispose();
        _closing.Dispose();
    }
}
