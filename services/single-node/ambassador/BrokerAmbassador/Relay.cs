using System.Buffers;
using System.Net.Sockets;

namespace Samples.BrokerAmbassador;

/// <summary>
/// Copies bytes both ways until both sides have ended. An end is passed on (half-close), so that protocols that need it work.
/// </summary>
public static class Relay
{
    private const int Chunk = 16 * 1024;

    /// <summary>Ends when both directions have; a broken side ends both.</summary>
    public static async Task RunAsync(Socket one, Socket other, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(CopyAsync(one, other, end), CopyAsync(other, one, end));
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationTokenSource end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            int received;
            while ((received = await from.ReceiveAsync(buffer, SocketFlags.None, end.Token)) > 0)
            {
                for (var sent = 0; sent < received;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, received - sent), SocketFlags.None, end.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            await end.CancelAsync();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
