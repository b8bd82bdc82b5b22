using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using StackExchange.Redis;

namespace Samples.Experiments.Adapter;

/// <summary>A table is locked, a server takes connections and answers nobody: what do those hear who ask for health.</summary>
internal sealed class HealthPhase(ExperimentContext context, ConnectionMultiplexer redis) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Held = TimeSpan.FromSeconds(4);

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("health-adapter").AppPort}") };
    private int _mostUnderWay, _notAlive, _looks;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        if (await WaitForAsync(null, true, cancel) is null)
        {
            var problem = await _http.GetStringAsync("/health", cancel);
            return [new Claim("health is healthy before anything is broken", "200", $"503: {problem}", false)];
        }
        var promise = TimeSpan.FromSeconds((await ViewAsync("shop", cancel)).GetProperty("turnsWithinSeconds").GetDouble());

        var database = new SqliteConnectionStringBuilder { DataSource = Path.Combine(context.DataDirectory, "shop.db"), Pooling = false };
        await using var other = new SqliteConnection(database.ConnectionString);
        await other.OpenAsync(cancel);
        await ExecuteAsync(other, "BEGIN EXCLUSIVE", cancel);
        var ill = await WaitForAsync("shop", false, cancel);
        var asked = await AskedAsync(cancel);
        await Task.Delay(Held, cancel);
        await LookAsync(cancel);
        var askedMore = await AskedAsync(cancel) - asked;
        await ExecuteAsync(other, "ROLLBACK", cancel);
        var well = await WaitForAsync("shop", true, cancel);
        context.Observe(new Observation("unhealthy after s", ill?.TotalSeconds ?? double.NaN, "the table is locked"));
        return
        [
            Turns(
                "the table is locked: health turns unhealthy within the period that it promises, and back when the lock is gone",
                promise,
                ill,
                well),
            new(
                "meanwhile one probe at most is under way, and liveness does not ask the database",
                "1, 0 answers other than 200",
                $"{_mostUnderWay}, {_notAlive} in {_looks} looks, {askedMore} more probes",
                _mostUnderWay <= 1 && _notAlive == 0 && _looks > 0),
            await PauseAsync(promise, cancel),
        ];
    }

    // Connections are accepted, and no command is answered.
    private async Task<Claim> PauseAsync(TimeSpan promise, CancellationToken cancel)
    {
        const string text = "Redis accepts connections and answers nobody: health turns unhealthy within that period, and back";
        var database = redis.GetDatabase();
        var pause = promise + Held;
        try
        {
            await database.ExecuteAsync("CLIENT", "PAUSE", $"{pause.TotalMilliseconds:0}", "ALL");
        }
        catch (RedisServerException)
        {
            return Claim.NotRun(text, $"within {promise.TotalSeconds:0.#} s", "This server cannot be told to pause; install redis-server.");
        }

        var began = context.Time.GetTimestamp();
        var ill = await WaitForAsync("redis", false, cancel);
        var left = Positive(pause - context.Time.GetElapsedTime(began));
        var wellAgain = await WaitForAsync("redis", true, cancel);
        return Turns(text, promise, ill, wellAgain is { } since ? Positive(since - left) : null);
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private static Claim Turns(string text, TimeSpan promise, TimeSpan? ill, TimeSpan? well)
    {
        var turned = ill is null ? "stayed healthy" : $"{ill.Value.TotalSeconds:0.00} s";
        var turnedBack = well is null ? "stayed unhealthy" : $"{well.Value.TotalSeconds:0.00} s";
        return new Claim(
            text,
            $"within {promise.TotalSeconds:0.#} s, and {promise.TotalSeconds:0.#} s",
            $"{turned}, {turnedBack}",
            ill <= promise && well <= promise);
    }

    private Task<TimeSpan?> WaitForAsync(string? check, bool healthy, CancellationToken cancel) => Applications.WaitAsync(async () =>
    {
        await LookAsync(cancel);
        using var answer = await _http.GetAsync(check is null ? "/health" : $"/health/{check}", cancel);
        using var ready = await _http.GetAsync("/readyz", cancel);
        return answer.StatusCode == (healthy ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable)
            && (check is not null && healthy || ready.StatusCode == answer.StatusCode);
    }, Patience, cancel);

    private async Task LookAsync(CancellationToken cancel)
    {
        using var alive = await _http.GetAsync("/healthz", cancel);
        _notAlive += alive.StatusCode == HttpStatusCode.OK ? 0 : 1;
        _mostUnderWay = Math.Max(_mostUnderWay, (await ViewAsync("shop", cancel)).GetProperty("underWay").GetInt32());
        _looks++;
    }

    private async Task<long> AskedAsync(CancellationToken cancel) => (await ViewAsync("shop", cancel)).GetProperty("asked").GetInt64();

    private async Task<JsonElement> ViewAsync(string check, CancellationToken cancel)
    {
        using var answer = await _http.GetAsync($"/health/{check}", cancel);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancel);
    }

    public void Dispose() => _http.Dispose();
}
