using Samples.RedisWire;

namespace Samples.HealthAdapter.Probes;

/// <summary>
/// Writes a key that lives for seconds, reads it, and compares: PING is answered also by a server that is full, or that has lost its disk
/// and takes no writes.
/// </summary>
internal sealed class RedisProbe(Func<CancellationToken, Task<RedisAddress>> find, TimeProvider time) : IProbe
{
    private const string Key = "health-adapter";

    public async Task AskAsync(CancellationToken cancel)
    {
        using var connection = await RedisConnection.OpenAsync(await find(cancel), 4096, cancel);
        var written = $"{time.GetUtcNow().Ticks}";
        await connection.AskAsync(cancel, "SET", Key, written, "EX", "60");
        if (await connection.AskAsync(cancel, "GET", Key) is not RespText read || read.Text != written)
            throw new WrongAnswerException("What was written is not what is read.");
    }
}
