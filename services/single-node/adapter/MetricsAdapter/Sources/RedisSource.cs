using System.Collections.Concurrent;
using System.Net.Sockets;
using Samples.RedisWire;

namespace Samples.MetricsAdapter.Sources;

/// <summary>A Redis server, asked with one INFO over a connection that is kept for the next time.</summary>
internal sealed class RedisSource(string name, SourceAddress address, Func<CancellationToken, Task<string?>> password, int mostBytes)
    : ISource, IDisposable
{
    private readonly ConcurrentStack<RedisConnection> _idle = [];

    public string Name => name;

    public async Task<Reading> ReadAsync(CancellationToken cancel)
    {
        while (_idle.TryPop(out var kept))
        {
            try
            {
                return await AskAsync(kept, cancel);
            }
            catch (Exception error) when (error is IOException and not RedisRefusedException or SocketException or ObjectDisposedException
                && !cancel.IsCancellationRequested)
            {
                // The server has closed it since; it may be up again.
                kept.Dispose();
            }
        }

        try
        {
            var endpoint = await address.FindAsync(cancel);
            var server = new RedisAddress(endpoint.Host, endpoint.Port, await password(cancel));
            return await AskAsync(await RedisConnection.OpenAsync(server, mostBytes, cancel), cancel);
        }
        catch (Exception error) when (error is SocketException or HttpRequestException)
        {
            address.Forget();
            throw;
        }
    }

    private async Task<Reading> AskAsync(RedisConnection connection, CancellationToken cancel)
    {
        try
        {
            var reply = await connection.AskAsync(cancel, "INFO", "ALL");
            return RedisInfo.Read(
                reply is RespText info ? info.Text : throw new SourceException("format", "A text is expected as the reply to INFO."));
        }
        catch (RedisRefusedException refused)
        {
            throw new SourceException("refused", refused.Message);
        }
        finally
        {
            if (connection.IsUsable)
                _idle.Push(connection);
            else
                connection.Dispose();
        }
    }

    public void Dispose()
    {
        while (_idle.TryPop(out var kept))
            kept.Dispose();
    }
}
