using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;
using Samples.LogAdapter;
using Samples.LogAdapter.Following;
using Samples.LogAdapter.Formats;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>The log adapter ends without a word and starts again, and files change meanwhile: each line is in one record, once.</summary>
public sealed class LogPositionTests : IDisposable
{
    private static readonly LogOptions Options = new();

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-positions-").FullName;
    private readonly FakeTimeProvider _time = new();
    private readonly KeptLog<RecordBook> _log = new();
    private SqliteConnection _file = null!;
    private RecordBook _book;
    private FileFollower _follower;

    public LogPositionTests() => (_book, _follower) = Start();

    private string LogFile => Path.Combine(_folder, "app.log");

    private string BookFile => Path.Combine(_folder, "state", "book.db");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restart_goes_on_where_it_was_and_numbers_stay_their_own()
    {
        Write(Line(1), Line(2), Line(3));
        await FlushAsync();
        var before = _book.Read(0, 10).Records;
        Write(Line(4), "{\"msg\":");
        await LookAsync();
        Restart();
        Write("\"5\"}\n");
        await FlushAsync();
        Assert.Equal(["1", "2", "3", "4", "5"], Bodies());
        Assert.Equal(before, _book.Read(0, 3).Records);
        Assert.Empty(Warnings());
    }

    [Fact]
    public async Task A_stack_trace_during_which_it_ends_is_one_record_and_whole()
    {
        Write("2026-01-01 00:00:01 x one [ERROR] first\n", "a.b.C: bad\n", "\tat one.Step1\n");
        await LookAsync();
        Restart();
        await LookAsync();
        Write("\tat one.Step2\n");
        await FlushAsync();
        Assert.Equal(["first\na.b.C: bad\n\tat one.Step1\n\tat one.Step2"], Bodies());
    }

    [Fact]
    public async Task What_is_renamed_once_or_twice_while_it_is_down_is_read_to_its_end_and_what_is_compressed_is_not()
    {
        Write(Line(1));
        await FlushAsync();
        Restart();
        Write(Line(2));
        File.Move(LogFile, LogFile + ".2");
        Write(Line(3));
        File.Move(LogFile, LogFile + ".1");
        Write(Line(4));
        File.WriteAllText(LogFile + ".3.gz", "no log");
        await SettleAsync();
        Assert.Equal(["1", "2", "3", "4"], Bodies());
    }

    [Fact]
    public async Task Two_rotations_between_two_looks_lose_nothing()
    {
        Write(Line(1));
        await LookAsync();
        Write(Line(2));
        File.Move(LogFile, LogFile + ".1");
        Write(Line(3));
        File.Move(LogFile + ".1", LogFile + ".2");
        File.Move(LogFile, LogFile + ".1");
        Write(Line(4));
        await SettleAsync();
        Assert.Equal(["1", "2", "3", "4"], Bodies());
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task What_is_copied_and_truncated_is_read_on_in_the_copy(bool isDown)
    {
        Write(Line(1), Line(2));
        await FlushAsync();
        if (isDown)
            Restart();
        Write(Line(3));
        File.Copy(LogFile, LogFile + ".1");
        File.WriteAllText(LogFile, "");
        Write(Line(4));
        await SettleAsync();
        Assert.Equal(["1", "2", "3", "4"], Bodies());
        Assert.Equal(0, _book.Counts["app"].Truncations);
    }

    [Fact]
    public async Task What_was_there_before_the_first_start_is_left_alone_and_a_copy_of_what_was_read_as_well()
    {
        File.WriteAllText(LogFile + ".1", Line(0));
        Write([.. Enumerable.Range(1, 40).Select(Line)]);
        await SettleAsync();
        File.Copy(LogFile, LogFile + ".1-backup");
        Restart();
        File.Move(LogFile, LogFile + ".2");
        Write(Line(41));
        await SettleAsync();
        Assert.Equal(Enumerable.Range(1, 41).Select(i => $"{i}"), Bodies());
    }

    [Fact]
    public async Task The_stored_position_is_beyond_the_files_end_begins_at_its_beginning_says_so_once_and_keeps_the_new_one()
    {
        Write(Line(1), Line(2), Line(3));
        await FlushAsync();
        Restart();
        File.Delete(LogFile);
        Write(Line(4));
        await FlushAsync();
        await FlushAsync();
        Assert.Contains("read from its beginning", Assert.Single(Warnings()), StringComparison.Ordinal);
        Restart();
        Write(Line(5));
        await FlushAsync();
        Assert.Equal(["1", "2", "3", "4", "5"], Bodies());
        Assert.Single(Warnings());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[{\"Offs")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{\"Node\":\"1\",\"Offset\":-7,\"Mark\":\"x\"}]")]
    public async Task The_stored_position_is_empty_or_damaged_begins_at_the_files_beginning_says_so_once_and_keeps_the_new_one(string kept)
    {
        Write(Line(1));
        await FlushAsync();
        _book.Keep("app", [], kept);
        Restart();
        await FlushAsync();
        await FlushAsync();
        Assert.Contains("cannot be read", Assert.Single(Warnings()), StringComparison.Ordinal);
        Restart();
        Write(Line(2));
        await FlushAsync();
        Assert.Equal(["1", "1", "2"], Bodies());
        Assert.Single(Warnings());
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 4096)]
    [InlineData(100, 10)]
    public async Task A_state_file_that_is_empty_or_damaged_is_put_aside_and_another_book_begun(int intact, int garbage)
    {
        Write(Line(1));
        await FlushAsync();
        var id = _book.Id;
        _follower.Dispose();
        _book.Dispose();
        byte[] bytes = [.. (await File.ReadAllBytesAsync(BookFile, Cancel)).Take(intact), .. Enumerable.Repeat((byte)7, garbage)];
        await File.WriteAllBytesAsync(BookFile, bytes, Cancel);
        (_book, _follower) = Start();
        await FlushAsync();
        Assert.Equal(["1"], Bodies());
        Assert.NotEqual(id, _book.Id);
        Assert.Contains("put aside", Assert.Single(Warnings()), StringComparison.Ordinal);
        Assert.True(File.Exists(BookFile + ".damaged"));
        Restart();
        Assert.Single(Warnings());
    }

    [Fact]
    public async Task Garbage_of_any_size_is_kept_as_far_as_allowed_and_the_next_line_is_whole()
    {
        var garbage = new byte[3_000_000];
        new Random(1).NextBytes(garbage);
        garbage.AsSpan(0, 1_000_000).Replace((byte)'\n', (byte)'x');
        await File.WriteAllBytesAsync(LogFile, garbage, Cancel);
        await LookAsync();
        Write("\n", Line(1));
        await FlushAsync();
        Assert.Equal("1", Bodies().Last());
        Assert.Equal(_book.Counts["app"].Records - 1, _book.Counts["app"].ParseErrors);
        Assert.All(Bodies(), b => Assert.InRange(b.Length, 1, 2 * Options.MostLineBytes));
    }

    [Fact]
    public async Task While_records_cannot_be_kept_nothing_more_is_read_and_then_nothing_is_missing()
    {
        Write(Line(1));
        await FlushAsync();
        Pragma("query_only = 1");
        Write(Line(2), Line(3));
        await FlushAsync();
        Write(Line(4));
        await FlushAsync();
        Assert.Equal(["1"], Bodies());
        Assert.Single(Warnings());
        Pragma("query_only = 0");
        await FlushAsync();
        await FlushAsync();
        Assert.Equal(["1", "2", "3", "4"], Bodies());
    }

    // What may happen to a log, in any order: lines, rotations of both kinds, looks, and the adapter's end at any time.
    [Theory, MemberData(nameof(Seeds))]
    public async Task Whatever_happens_no_line_is_lost_and_none_is_twice(int seed)
    {
        var (random, written) = (new Random(seed), 1);
        Write(Line(1));
        await LookAsync();
        for (var i = 0; i < 150; i++)
        {
            switch (random.Next(8))
            {
                case 0 or 1 or 2:
                    Write([.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => Line(++written))]);
                    break;
                case 3:
                    await LookAsync();
                    break;
                case 4:
                    await FlushAsync();
                    break;
                case 5:
                    Restart();
                    break;
                case 6 when File.Exists(LogFile):
                    Rotate();
                    File.Move(LogFile, LogFile + ".1");
                    Write(Line(++written));
                    break;
                case 7 when File.Exists(LogFile) && written % 3 == 0:
                    Rotate();
                    File.Copy(LogFile, LogFile + ".1");
                    File.WriteAllText(LogFile, "");
                    // A writer that is slower than the copy may lose what it wrote: this one waits for the next look.
                    await LookAsync();
                    break;
            }
        }

        await SettleAsync();
        Assert.Equal(Enumerable.Range(1, written).Select(i => $"{i}"), Bodies().OrderBy(int.Parse));
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    // Nothing falls off the end.
    private void Rotate()
    {
        for (var i = Directory.GetFiles(_folder).Length; i >= 1; i--)
        {
            if (File.Exists($"{LogFile}.{i}"))
                File.Move($"{LogFile}.{i}", $"{LogFile}.{i + 1}");
        }
    }

    private (RecordBook, FileFollower) Start()
    {
        _file = RecordFile.Open(BookFile, _log);
        var book = new RecordBook(_file, 100_000);
        return (book, new FileFollower("app", LogFile, new AnyLog(TimeZoneInfo.Utc), Options, book, _time, _log));
    }

    private void Restart()
    {
        _follower.Dispose();
        _book.Dispose();
        (_book, _follower) = Start();
    }

    private void Pragma(string text)
    {
        using var command = _file.CreateCommand();
        command.CommandText = $"PRAGMA {text}";
        command.ExecuteNonQuery();
    }

    private static string Line(int number) => $"{{\"msg\":\"{number}\",\"at\":\"a line with some words in it\"}}\n";

    private void Write(params string[] lines) => File.AppendAllText(LogFile, string.Concat(lines), new UTF8Encoding(false));

    private IEnumerable<string> Bodies() =>
        _book.Read(0, 100_000).Records.Select(r => JsonDocument.Parse(r).RootElement.GetProperty("Body").ToString());

    private List<string> Warnings() => [.. _log.Messages];

    private Task LookAsync() => _follower.LookAsync(Cancel);

    private async Task FlushAsync()
    {
        await LookAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        await LookAsync();
    }

    // Long enough for each of many rotated files to be waited for, one after the other.
    private async Task SettleAsync()
    {
        for (var i = 0; i < 100; i++)
            await FlushAsync();
    }

    public void Dispose()
    {
        _follower.Dispose();
        _book.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
