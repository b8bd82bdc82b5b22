using System.Net.Http.Json;
using System.Net.Sockets;
using Samples.Defaults;
using Samples.RedisWire;

namespace Samples.LogAdapter.Following;

/// <summary>
/// Asks Redis for its SLOWLOG (https://redis.io/docs/latest/commands/slowlog-get), which is a list in its memory and no file: entries have
/// numbers, so that none is taken twice, and one that was pushed out before it was read is counted as lost.
/// </summary>
internal sealed class SlowLogFollower(
    string source,
    string address,
    LogOptions options,
    Func<CancellationToken, Task<string?>> password,
    RecordBook book,
    TimeProvider time,
    ILogger log) : BackgroundService
{
    private const int AtOnce = 4096, MostBytes = 64 * 1024 * 1024;

    private RedisConnection? _connection;
    private long _last = -1;
    private bool _isTold;

    private sealed record Endpoint(string Host, int Port);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(options.SlowLogPoll, time);
        try
        {
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server keeps what was not read.
        }
    }

    /// <summary>Takes what is new.</summary>
    public async Task LookAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(options.SlowLogTimeout);
        try
        {
            if (_connection is not { IsUsable: true })
                _connection = await RedisConnection.OpenAsync(await FindAsync(limit.Token), MostBytes, limit.Token);
            if (await _connection.AskAsync(limit.Token, "SLOWLOG", "GET", $"{AtOnce}") is RespList entries)
                Take(entries.Items);
            _isTold = false;
        }
        catch (Exception error) when (error is IOException or SocketException or HttpRequestException or OperationCanceledException
            && !cancel.IsCancellationRequested)
        {
            if (!_isTold)
                log.LogWarning("{Source}: the slow log cannot be read now: {Problem}", source, error.Message);
            _isTold = true;
            if (error is not RedisRefusedException)
            {
                _connection?.Dispose();
                _connection = null;
            }
        }
    }

    // Newest first, as the server lists them.
    private void Take(IReadOnlyList<RespValue> entries)
    {
        var all = entries.OfType<RespList>().Select(SlowLogEntry.Read).OfType<SlowLogEntry>().OrderBy(e => e.Id).ToList();
        // A server that was started again counts from zero.
        if (all.Count > 0 && all[^1].Id < _last)
            _last = -1;
        var fresh = all.Where(e => e.Id > _last).ToList();
        if (fresh.Count == 0)
            return;
        if (_last >= 0 && fresh[0].Id > _last + 1)
            book.Lose(source, fresh[0].Id - _last - 1);
        foreach (var entry in fresh)
            book.Add(source, entry.ToLine(), time.GetUtcNow());
        _last = fresh[^1].Id;
    }

    private async Task<RedisAddress> FindAsync(CancellationToken cancel)
    {
        if (RedisAddress.Parse(address) is { } known)
            return known with { Password = await password(cancel) };
        using var sidecar = InvocationClient.Create();
        var told = await sidecar.GetFromJsonAsync<Endpoint>($"http://{address["dapr://".Length..]}/address", cancel)
            ?? throw new IOException("the application does not tell where it listens");
        return new RedisAddress(told.Host, told.Port, await password(cancel));
    }

    public override void Dispose()
    {
        base.Dispose();
        _connection?.Dispose();
    }
}
