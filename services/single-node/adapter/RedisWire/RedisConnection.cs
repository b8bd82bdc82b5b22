using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Samples.RedisWire;

/// <summary>
/// One connection, one question at a time. A client library would reconnect and repeat by itself; an adapter has to know that the server
/// did not answer, and to leave nothing behind when it gives up: cancelling a question closes the connection for good. Protocol:
/// https://redis.io/docs/latest/develop/reference/protocol-spec.
/// </summary>
public sealed class RedisConnection : IDisposable
{
    private const int MostDepth = 8, MostItems = 100_000;

    private readonly TcpClient _client;
    private readonly BufferedStream _stream;
    private readonly int _mostBytes;
    private readonly byte[] _one = new byte[1];
    private int _left;

    private RedisConnection(TcpClient client, int mostBytes)
    {
        _client = client;
        _stream = new BufferedStream(client.GetStream(), 16 * 1024);
        _mostBytes = mostBytes;
    }

    /// <summary>Connects and logs in.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="mostBytes">A reply of more bytes than this is refused.</param>
    /// <param name="cancel">Ends it; nothing is left open.</param>
    public static async Task<RedisConnection> OpenAsync(RedisAddress address, int mostBytes, CancellationToken cancel)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(address.Host, address.Port, cancel);
            var connection = new RedisConnection(client, mostBytes);
            if (address.Password is { Length: > 0 } password)
                await connection.AskAsync(cancel, "AUTH", password);
            return connection;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Whether the next question can be asked: false after any failure other than a refusal.</summary>
    public bool IsUsable { get; private set; } = true;

    /// <summary>
    /// The reply. Throws <see cref="RedisRefusedException"/> for the server's own errors, <see cref="IOException"/> for what is no reply.
    /// </summary>
    public async Task<RespValue> AskAsync(CancellationToken cancel, params string[] words)
    {
        IsUsable = false;
        // Disposal is what ends a read that the server never answers.
        using var close = cancel.UnsafeRegister(static connection => ((RedisConnection)connection!).Dispose(), this);
        try
        {
            var command = new StringBuilder().Append('*').Append(words.Length).Append("\r\n");
            foreach (var word in words)
                command.Append('$').Append(Encoding.UTF8.GetByteCount(word)).Append("\r\n").Append(word).Append("\r\n");
            await _stream.WriteAsync(Encoding.UTF8.GetBytes(command.ToString()), cancel);
            await _stream.FlushAsync(cancel);
            _left = _mostBytes;
            var reply = await ReadAsync(0, cancel);
            IsUsable = true;
            return reply;
        }
        catch (RedisRefusedException)
        {
            IsUsable = true;
            throw;
        }
        catch (Exception error) when (error is ObjectDisposedException or IOException or NotSupportedException
            && cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException("the server did not answer in time", error, cancel);
        }
    }

    private async Task<RespValue> ReadAsync(int depth, CancellationToken cancel)
    {
        var line = await ReadLineAsync(cancel);
        if (depth > MostDepth || line.Length == 0)
            throw new IOException("what came is no reply of the Redis protocol");
        switch (line[0])
        {
            case '+':
                return new RespText(line[1..]);
            case '-':
                throw new RedisRefusedException(line[1..]);
            case ':':
                return new RespNumber(Number(line));
            case '$' when Number(line) is var length:
                return length < 0 ? new RespNothing() : new RespText(Encoding.UTF8.GetString(await ReadBytesAsync(length, cancel)));
            case '*' when Number(line) is var count:
                if (count < 0)
                    return new RespNothing();
                if (count > MostItems)
                    throw new IOException($"a reply of {count} items is too long");
                var items = new List<RespValue>();
                for (var i = 0; i < count; i++)
                    items.Add(await ReadAsync(depth + 1, cancel));
                return new RespList(items);
            default:
                throw new IOException("what came is no reply of the Redis protocol");
        }
    }

    private static long Number(string line) =>
        long.TryParse(line.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number : throw new IOException("what came is no reply of the Redis protocol");

    private async Task<byte[]> ReadBytesAsync(long length, CancellationToken cancel)
    {
        Spend(length + 2);
        var bytes = new byte[length + 2];
        await _stream.ReadExactlyAsync(bytes, cancel);
        return bytes[..^2];
    }

    private async Task<string> ReadLineAsync(CancellationToken cancel)
    {
        var line = new StringBuilder();
        while (true)
        {
            Spend(1);
            await _stream.ReadExactlyAsync(_one, cancel);
            if (_one[0] == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)_one[0]);
        }
    }

    private void Spend(long bytes) =>
        _left = bytes <= _left ? _left - (int)bytes : throw new IOException($"the reply has more than {_mostBytes} bytes");

    /// <inheritdoc/>
    public void Dispose()
    {
        // The client first: flushing the buffer is what would wait.
        _client.Dispose();
        IsUsable = false;
    }
}
