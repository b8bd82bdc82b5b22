using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.LogAdapter;
using Samples.LogAdapter.Following;
using Samples.LogAdapter.Formats;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>Files that are written in pieces, renamed and truncated, and the slow log of a real Redis.</summary>
public sealed class LogFollowerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-logs-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly RecordBook _book;
    private readonly FileFollower _follower;

    public LogFollowerTests()
    {
        _book = new RecordBook(RecordFile.Open(Path.Combine(_folder, "book.db"), NullLogger.Instance), 1000);
        _follower = new FileFollower(
            "app", LogFile, new AnyLog(TimeZoneInfo.Utc), new LogOptions { MostLineBytes = 200 }, _book, _time, NullLogger.Instance);
    }

    private string LogFile => Path.Combine(_folder, "app.log");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renamed_file_is_read_to_its_end_and_nothing_is_lost()
    {
        await AppendAsync(LogFile, Line(1) + Line(2));
        await LookAsync();
        await AppendAsync(LogFile, Line(3));
        File.Move(LogFile, LogFile + ".1");
        await LookAsync();
        // The application still has the old file open, and makes the new one later.
        await AppendAsync(LogFile + ".1", Line(4));
        await LookAsync();
        await AppendAsync(LogFile + ".1", Line(5) + "{\"msg\":");
        await AppendAsync(LogFile, Line(6));
        await LookAsync();
        await FlushAsync();
        await FlushAsync();
        // Nor has it heard of the new one at once.
        await AppendAsync(LogFile + ".1", "\"7\"}\n{\"msg\":\"8\"}");
        for (var i = 0; i < 10; i++)
            await FlushAsync();
        Assert.Equal(["1", "2", "3", "4", "5", "6", "7", "8"], Bodies());
    }

    [Fact]
    public async Task A_file_that_became_shorter_or_another_is_begun_anew()
    {
        await AppendAsync(LogFile, Line(1) + Line(2));
        await LookAsync();
        await File.WriteAllTextAsync(LogFile, Line(3), Cancel);
        await LookAsync();
        // As long as the one before, which its length does not tell.
        await File.WriteAllTextAsync(LogFile, Line(4), Cancel);
        await LookAsync();
        await FlushAsync();
        Assert.Equal(["1", "2", "3", "4"], Bodies());
        Assert.Equal(2, _book.Counts["app"].Truncations);
    }

    [Fact]
    public async Task An_unfinished_line_waits_and_one_that_is_too_long_is_kept_as_far_as_allowed_with_a_parse_error()
    {
        await AppendAsync(LogFile, "{\"msg\":");
        await FlushAsync();
        Assert.Empty(Bodies());
        await AppendAsync(LogFile, "\"1\"}\n" + new string('x', 300) + "\n" + Line(2));
        await FlushAsync();
        Assert.Equal(["1", new string('x', 200), "2"], Bodies());
        Assert.Equal(new SourceCounts(3, 1, 0), _book.Counts["app"]);
    }

    [Fact]
    public async Task A_file_that_is_not_there_yet_is_waited_for()
    {
        await LookAsync();
        await AppendAsync(LogFile, Line(1));
        await FlushAsync();
        Assert.Equal(["1"], Bodies());
    }

    [Fact]
    public async Task Each_slow_command_of_a_real_Redis_is_one_record_and_what_was_pushed_out_is_counted()
    {
        await using var server = await Conformance.Redis.RedisServer.StartAsync(Cancel);
        await using var redis = await server.ConnectAsync();
        var database = redis.GetDatabase();
        await database.ExecuteAsync("CONFIG", "SET", "slowlog-max-len", "20");
        await database.ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", "0");
        using var follower = new SlowLogFollower(
            "redis", server.Host, new LogOptions(), _ => Task.FromResult<string?>(null), _book, TimeProvider.System, NullLogger.Instance);
        await follower.LookAsync(Cancel);
        for (var i = 0; i < 5; i++)
            await database.StringSetAsync($"slow {i}", "a \"value\"");
        await follower.LookAsync(Cancel);
        await follower.LookAsync(Cancel);
        Assert.Equal(
            Enumerable.Range(0, 5).Select(i => $"SET \"slow {i}\" \"a \\\"value\\\"\""),
            Queries().Where(q => q.StartsWith("SET", StringComparison.Ordinal)));
        Assert.Equal(0, _book.Counts["redis"].Lost);

        for (var i = 0; i < 50; i++)
            await database.StringSetAsync($"more {i}", i);
        await follower.LookAsync(Cancel);
        var last = Ids().Last();
        // Every number is a record or is counted; the first ones were written before anybody looked.
        var first = Ids().First();
        Assert.Equal(last + 1, _book.Counts["redis"].Records + _book.Counts["redis"].Lost + first);
        Assert.True(_book.Counts["redis"].Lost >= 30);

        // The adapter starts again, and takes none twice.
        var before = _book.Counts["redis"].Records;
        using var next = new SlowLogFollower(
            "redis", server.Host, new LogOptions(), _ => Task.FromResult<string?>(null), _book, TimeProvider.System, NullLogger.Instance);
        await database.StringSetAsync("between", 1);
        await next.LookAsync(Cancel);
        Assert.Equal(Ids().Distinct().Count(), Ids().Count());
        Assert.InRange(_book.Counts["redis"].Records - before, 1, 19);
        Assert.Contains("SET between 1", Queries());

        // Redis starts again, and counts from zero.
        await server.KillAsync();
        await next.LookAsync(Cancel);
        await server.StartAgainAsync();
        await using var again = await server.ConnectAsync();
        await again.GetDatabase().ExecuteAsync("CONFIG", "SET", "slowlog-log-slower-than", "0");
        await again.GetDatabase().StringSetAsync("reborn", 1);
        await next.LookAsync(Cancel);
        Assert.Contains("SET reborn 1", Queries());
    }

    [Fact]
    public void A_reader_that_is_too_slow_learns_what_it_missed()
    {
        using var book = new RecordBook(RecordFile.Open(Path.Combine(_folder, "small.db"), NullLogger.Instance), 3);
        for (var i = 0; i < 5; i++)
            book.Keep("app", [new(ParsedLine.Unreadable($"{i}", "x"), DateTimeOffset.UnixEpoch)], null);
        var (records, next, missed) = book.Read(0, 10);
        Assert.Equal(["2", "3", "4"], records.Select(r => JsonDocument.Parse(r).RootElement.GetProperty("Body").GetString()));
        // Large ones are fewer at once, but never none.
        Assert.Equal((1, 3L), (book.Read(0, 10, mostCharacters: 1).Records.Count, book.Read(0, 10, mostCharacters: 1).Next));
        Assert.Equal((5L, 2L), (next, missed));
        Assert.Equal((0, 5L, 0L), (book.Read(5, 10).Records.Count, book.Read(5, 10).Next, book.Read(5, 10).Missed));
        Assert.Equal(5, book.Read(1000, 10).Next);
    }

    private static string Line(int number) => $"{{\"msg\":\"{number}\"}}\n";

    private List<JsonElement> Records() => [.. _book.Read(0, 1000).Records.Select(r => JsonDocument.Parse(r).RootElement)];

    private IEnumerable<string> Bodies() => Records().Select(r => r.GetProperty("Body").GetString()!);

    private IEnumerable<string> Queries() => Records().Select(r => r.GetProperty("Attributes").GetProperty("db.query.text").GetString()!);

    private IEnumerable<long> Ids() => Records().Select(r => r.GetProperty("Attributes").GetProperty("redis.slowlog.id").GetInt64());

    private Task LookAsync() => _follower.LookAsync(Cancel);

    private async Task FlushAsync()
    {
        await LookAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await LookAsync();
    }

    // As an application does: it appends, and leaves what is there alone.
    private static Task AppendAsync(string file, string text) => File.AppendAllTextAsync(file, text, new UTF8Encoding(false), Cancel);

    public void Dispose()
    {
        _follower.Dispose();
        _book.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
