using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Samples.Benchmarks.Adapter;

/// <summary>Answers every INFO with the same recorded reply, and everything else with an error that clients of Redis are used to.</summary>
internal sealed class RecordedRedis : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly byte[] _info;
    private readonly Task _accepting;

    public RecordedRedis(string info)
    {
        var bytes = Encoding.UTF8.GetBytes(info);
        _info = [.. Encoding.ASCII.GetBytes($"${bytes.Length}\r\n"), .. bytes, .. "\r\n"u8];
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        while (await reader.ReadLineAsync(_end.Token) is ['*', .. var count])
        {
            var words = new List<string>();
            for (var i = 0; i < int.Parse(count, System.Globalization.CultureInfo.InvariantCulture); i++)
            {
                await reader.ReadLineAsync(_end.Token);
                words.Add(await reader.ReadLineAsync(_end.Token) ?? "");
            }

            var isInfo = words[0].Equals("INFO", StringComparison.OrdinalIgnoreCase);
            await stream.WriteAsync(isInfo ? _info : "-ERR unknown command\r\n"u8.ToArray(), _end.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _end.Dispose();
    }
}
