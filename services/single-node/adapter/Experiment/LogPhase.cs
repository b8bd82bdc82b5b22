using System.Text;
using System.Text.Json;
using StackExchange.Redis;

namespace Samples.Experiments.Adapter;

/// <summary>
/// Lines of all formats, written in pieces and over a rotation, against the truth about each; then what the applications themselves write.
/// </summary>
internal sealed class LogPhase(ExperimentContext context, Applications applications, ConnectionMultiplexer redis) : IDisposable
{
    private const int Events = 30, TraceLines = 41;
    private const string Adapter = "log-adapter";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private string Written => context.Faults is null
        ? "records of mixed lines, written in pieces and over a rotation: each one, once"
        : "records of mixed lines, written in pieces, over a rotation while the adapter was dead after SIGKILL: each one, once";

    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf(Adapter).AppPort}") };
    private readonly Random _random = new(context.Option("seed", 1));
    private readonly string _file = Path.Combine(context.DataDirectory, "mixed.log");
    private readonly List<JsonElement> _records = [];
    private long _next;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        // What was there before is somebody else's.
        await ReadAsync(cancel);
        _records.Clear();
        var truth = await WriteAsync(cancel);
        async Task<bool> AllAsync()
        {
            await ReadAsync(cancel);
            return Of("mixed").Count >= truth.Count;
        }

        _ = await Applications.WaitAsync(AllAsync, Patience, cancel);
        var mixed = Of("mixed");
        var equal = mixed.Zip(truth).Count(p => p.Second.IsReadable && IsEqual(p.First, p.Second));
        var readable = truth.Count(t => t.IsReadable);
        var kept = mixed.Zip(truth).Count(p => !p.Second.IsReadable && IsKept(p.First, p.Second));
        context.Observe(new Observation("records", mixed.Count, $"{mixed.Count} records of {truth.Count} written"));
        return
        [
            new(
                Written,
                $"{truth.Count}",
                $"{mixed.Count}",
                mixed.Count == truth.Count),
            new(
                "fields of records equal to the generator's truth: instant, severity, text, attributes",
                $"{readable}",
                $"{equal}",
                equal == readable),
            new(
                "lines that fit nothing are kept whole, with a parse error",
                $"{truth.Count - readable}",
                $"{kept}",
                kept == truth.Count - readable),
            await new TracesInPieces(context, _file, ReadMixedAsync).RunAsync(cancel),
            .. await OwnLogsAsync(cancel),
        ];
    }

    // In pieces that end anywhere, and the file is renamed in between as rotation does it.
    private async Task<List<ExpectedRecord>> WriteAsync(CancellationToken cancel)
    {
        var truth = new List<ExpectedRecord>();
        var text = new StringBuilder();
        var log = new MixedLog(_random, context.Time.GetUtcNow().AddDays(-30));
        var count = context.Option("lines", 6000);
        for (var i = 0; i < count; i++)
        {
            var (line, expected) = log.Next();
            text.Append(line);
            truth.Add(expected);
            if (i == 100)
            {
                // A file that is gone before anybody looked was never there.
                await AppendAsync(text, cancel);
                _ = await Applications.WaitAsync(async () => { await ReadAsync(cancel); return Of("mixed").Count > 0; }, Patience, cancel);
            }

            if (context.Faults is { } faults && (i == count / 4 || i == count * 3 / 4))
            {
                // Some of it was read, and is in no record yet.
                await AppendAsync(text, cancel);
                await (i == count / 4 ? faults.KillForGoodAsync(Adapter, cancel) : faults.StartAsync(Adapter, cancel));
            }

            if (i != count / 2)
                continue;
            await AppendAsync(text, cancel);
            File.Move(_file, _file + ".1", overwrite: true);
        }

        await AppendAsync(text, cancel);
        return truth;
    }

    private async Task AppendAsync(StringBuilder text, CancellationToken cancel)
    {
        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        text.Clear();
        await using var file =
            new FileStream(_file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        for (var at = 0; at < bytes.Length;)
        {
            var piece = Math.Min(_random.Next(1, 20_000), bytes.Length - at);
            await file.WriteAsync(bytes.AsMemory(at, piece), cancel);
            at += piece;
        }
    }

    private async Task<IReadOnlyList<Claim>> OwnLogsAsync(CancellationToken cancel)
    {
        var run = $"{_random.Next():x}{Environment.ProcessId:x}";
        for (var i = 0; i < Events; i++)
        {
            await applications.OrderAsync($"{run}-{i}", cancel);
            await applications.FailAsync($"{run}-{i}", cancel);
            await applications.PulseAsync($"{run}-{i}", 1, cancel);
        }

        var slow = await SlowAsync(run);
        int Orders() => Of("shop").Count(r => Attribute(r, "url.query")?.Contains(run, StringComparison.Ordinal) == true
            && Attribute(r, "http.response.status_code") == "201");
        int Jobs() => Of("batch").Count(r => r.GetProperty("Body").GetString()!.Contains(run, StringComparison.Ordinal)
            && Attribute(r, "exception.stacktrace")?.Split('\n').Length == TraceLines
            && Attribute(r, "exception.type") == "java.lang.IllegalStateException");
        int Pulses() => Of("meter").Count(r => Attribute(r, "site")?.StartsWith(run, StringComparison.Ordinal) == true);
        int Commands() => Of("redis").Count(
            r => Attribute(r, "db.query.text")?.StartsWith($"SET slow:{run}", StringComparison.Ordinal) == true);
        _ = await Applications.WaitAsync(async () =>
        {
            await ReadAsync(cancel);
            return Orders() == Events && Jobs() == Events && Pulses() == Events && (!slow || Commands() == Events);
        }, Patience, cancel);
        var (orders, jobs, pulses, commands) = (Orders(), Jobs(), Pulses(), Commands());
        const string slowText = "slow commands of the real Redis are records of the same kind";
        return
        [
            new(
                "what three applications did is there in one schema: "
                + "orders, failed jobs each with a trace of 41 lines in one record, pulses",
                $"{Events}, {Events}, {Events}",
                $"{orders}, {jobs}, {pulses}",
                orders == Events && jobs == Events && pulses == Events),
            slow
                ? new Claim(slowText, $"{Events}", $"{commands}", commands == Events)
                : Claim.NotRun(slowText, $"{Events}", "This server cannot be told to log every command; install redis-server."),
        ];
    }

    // For a moment, every command is slow.
    private async Task<bool> SlowAsync(string run)
    {
        var database = redis.GetDatabase();
        try
        {
            await database.ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", "0");
            for (var i = 0; i < Events; i++)
                await database.StringSetAsync($"slow:{run}:{i}", i);
            await database.ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", "10000");
            return true;
        }
        catch (RedisServerException)
        {
            return false;
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            using var answer = await _http.GetAsync($"/records?from={_next}&limit=10000", cancel);
            answer.EnsureSuccessStatusCode();
            var lines = (await answer.Content.ReadAsStringAsync(cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            _records.AddRange(lines.Select(l => JsonSerializer.Deserialize<JsonElement>(l)));
            _next = long.Parse(answer.Headers.GetValues("next").Single());
            if (lines.Length == 0)
                return;
        }
    }

    private async Task<IReadOnlyList<JsonElement>> ReadMixedAsync(CancellationToken cancel)
    {
        await ReadAsync(cancel);
        return Of("mixed");
    }

    private List<JsonElement> Of(string source) =>
        [.. _records.Where(r => r.GetProperty("Resource").GetProperty("service.name").GetString() == source)];

    private static bool IsEqual(JsonElement record, ExpectedRecord truth) =>
        record.TryGetProperty("Timestamp", out var time) && time.GetString() == truth.Timestamp
        && record.GetProperty("SeverityNumber").GetInt32() == truth.SeverityNumber
        && record.GetProperty("Body").GetString() == truth.Body
        && truth.Attributes.All(a => Attribute(record, a.Key) == a.Value)
        && Attribute(record, "log.parse.error") is null;

    private static bool IsKept(JsonElement record, ExpectedRecord truth) =>
        record.GetProperty("Body").GetString() == truth.Body && Attribute(record, "log.parse.error") is { Length: > 0 };

    private static string? Attribute(JsonElement record, string name) =>
        record.GetProperty("Attributes").TryGetProperty(name, out var value) ? value.ToString() : null;

    public void Dispose() => _http.Dispose();
}
