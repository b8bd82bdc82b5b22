using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dapr;
using Microsoft.Data.Sqlite;
using Samples.Defaults;
using Samples.RedisWire;

namespace Samples.LogAdapter.Following;

/// <summary>
/// Asks Redis for its SLOWLOG (https://redis.io/docs/latest/commands/slowlog-get), which is a list in its memory and no file: entries have
/// numbers, so that none is taken twice, and one that was pushed out before it was read is counted as lost. The last number is kept with
/// the records, and with it which run of the server has counted so far.
/// </summary>
internal sealed partial class SlowLogFollower(
    string source, string address, LogOptions options, Func<CancellationToken, Task<string?>> password, RecordBook book, TimeProvider time,
    ILogger log) : BackgroundService
{
    private const int AtOnce = 4096, MostBytes = 64 * 1024 * 1024;

    private readonly SlowLogPlace? _kept = KeptBy(book.PositionOf(source));
    private RedisConnection? _connection;
    private SlowLogPlace? _place;
    private string _run = "";
    private bool _isTold;

    private sealed record Endpoint(string Host, int Port);

    private sealed record SlowLogPlace(string Run, long Last);

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
            {
                _connection = await RedisConnection.OpenAsync(await FindAsync(limit.Token), MostBytes, limit.Token);
                var about = await _connection.AskAsync(limit.Token, "INFO", "SERVER") as RespText;
                _run = RunId().Match(about?.Text ?? "").Groups[1].Value;
            }

            if (await _connection.AskAsync(limit.Token, "SLOWLOG", "GET", $"{AtOnce}") is RespList entries)
                Take(entries.Items);
            _isTold = false;
        }
        catch (Exception error) when (IsOfTheOutside(error) || (error is OperationCanceledException && !cancel.IsCancellationRequested))
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

    private static bool IsOfTheOutside(Exception error) =>
        error is IOException or SocketException or HttpRequestException or DaprException or JsonException or SqliteException;

    // Newest first, as the server lists them.
    private void Take(IReadOnlyList<RespValue> entries)
    {
        var all = entries.OfType<RespList>().Select(SlowLogEntry.Read).OfType<SlowLogEntry>().OrderBy(e => e.Id).ToList();
        var place = _place ?? _kept;
        // A server that was started again counts from zero.
        var last = place is null || place.Run != _run || (all.Count > 0 && all[^1].Id < place.Last) ? -1 : place.Last;
        var fresh = all.Where(e => e.Id > last).ToList();
        if (fresh.Count == 0)
            return;
        var lost = last >= 0 ? fresh[0].Id - last - 1 : 0;
        var next = new SlowLogPlace(_run, fresh[^1].Id);
        var seen = time.GetUtcNow();
        book.Keep(
            source, [.. fresh.Select(e => new RecordAssembler.Assembled(e.ToLine(), seen))], JsonSerializer.Serialize(next),
            new SourceCounts(0, 0, lost));
        _place = next;
    }

    private static SlowLogPlace? KeptBy(string? text)
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<SlowLogPlace>(text);
        }
        catch (JsonException)
        {
            // Records come again rather than not at all.
            return null;
        }
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

    [GeneratedRegex(@"^run_id:(\S+)", RegexOptions.Multiline)]
    private static partial Regex RunId();

    public override void Dispose()
    {
        base.Dispose();
        _connection?.Dispose();
    }
}
