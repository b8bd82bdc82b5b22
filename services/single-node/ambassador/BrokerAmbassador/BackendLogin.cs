using System.Net.Sockets;
using System.Text;

namespace Samples.BrokerAmbassador;

/// <summary>Finds a secret by its name.</summary>
public delegate Task<string> FindSecret(string name, CancellationToken cancel);

/// <summary>Connects to a backend and logs in, so that the application gets a connection that is ready to use.</summary>
public sealed class BackendLogin(FindSecret secrets)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>An open connection. Throws <see cref="IOException"/> with what went wrong.</summary>
    public async Task<Socket> ConnectAsync(Backend backend, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(backend.Host, backend.Port, limit.Token);
            if (backend is { IsRedis: true, Secret: { } secret })
                await LogInAsync(socket, backend, await secrets(secret, limit.Token), limit.Token);
            return socket;
        }
        catch (Exception error) when (
            error is SocketException or OperationCanceledException or IOException && !cancel.IsCancellationRequested)
        {
            socket.Dispose();
            var why = error is OperationCanceledException ? $"no answer within {Patience.TotalSeconds:0} s" : error.Message;
            throw new IOException($"{backend.Name}: {why}", error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task LogInAsync(Socket socket, Backend backend, string password, CancellationToken cancel)
    {
        string[] words = backend.User.Length > 0 ? ["AUTH", backend.User, password] : ["AUTH", password];
        var command = $"*{words.Length}\r\n" + string.Concat(words.Select(w => $"${Encoding.UTF8.GetByteCount(w)}\r\n{w}\r\n"));
        await socket.SendAsync(Encoding.UTF8.GetBytes(command), SocketFlags.None, cancel);
        // Exactly the answer's bytes and no more: what follows is the application's.
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 512 && await socket.ReceiveAsync(one, SocketFlags.None, cancel) == 1 && one[0] != '\n')
            line.Append((char)one[0]);
        if (line.ToString() != "+OK\r")
            throw new IOException("the login was refused");
    }
}
