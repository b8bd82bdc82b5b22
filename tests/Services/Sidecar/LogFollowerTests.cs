using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Samples.LogSidecar;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>What people reported of programs that follow logs, on real files, with a clock that the test moves.</summary>
public sealed class LogFollowerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-log-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Kept _kept = new();
    private FollowCounts _counts = new();
    private LogFollower? _follower;

    private string Log => Path.Combine(_folder, "access.log");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_come_once_in_order_and_their_fields_are_read()
    {
        await WriteAsync("127.0.0.1 - ada [10/Oct/2000:13:55:36 -0700] \"GET /a?b=c HTTP/1.0\" 200 2326\nnot like that\n");
        await LookAsync();
        Assert.Equal(2, _kept.Lines.Count);
        Assert.Equal(
            new AccessLine(
                "127.0.0.1", "ada", new DateTimeOffset(2000, 10, 10, 13, 55, 36, TimeSpan.FromHours(-7)), "GET", "/a", 200, 2326),
            _kept.Lines[0].Access);
        Assert.Null(_kept.Lines[1].Access);
        Assert.Equal((0, _kept.Lines[1].Offset), (_kept.Lines[0].Offset, _kept.Lines[0].End));
        await LookAsync();
        Assert.Equal((2, 1), (_kept.Lines.Count, _counts.Unparsed));
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_cut_and_counted_and_its_tail_is_no_record()
    {
        await WriteAsync($"one\n{new string('x', 2_000_000)}\ntwo\n");
        await LookAsync();
        Assert.Equal(["one", new string('x', 65_536), "two"], _kept.Texts);
        Assert.Equal(1, _counts.Cut);
    }

    [Fact]
    public async Task An_unfinished_line_waits_and_CRLF_and_empty_lines_are_no_content()
    {
        await WriteAsync("a\r\n\r\n\nb");
        await LookAsync();
        Assert.Equal(["a"], _kept.Texts);
        await WriteAsync("c\n");
        await LookAsync();
        Assert.Equal(["a", "bc"], _kept.Texts);
        Assert.Equal(_kept.Lines[0].End, _kept.Lines[1].Offset);
    }

    [Fact]
    public async Task No_line_of_a_rename_is_lost_also_those_that_come_after_it()
    {
        await WriteAsync("1\n");
        await LookAsync();
        await WriteAsync("2\n");
        File.Move(Log, Log + ".1");
        await WriteAsync("4\n");
        await LookAsync();
        // The daemon has not opened its new file yet everywhere.
        await File.AppendAllTextAsync(Log + ".1", "3\n", Cancel);
        await LookAsync();
        Assert.Equal(["1", "2", "3", "4"], _kept.Texts.Order());
    }

    [Fact]
    public async Task Two_rotations_between_two_looks_and_a_restart_lose_nothing()
    {
        await WriteAsync("1\n");
        await LookAsync();
        Restart();
        await WriteAsync("2\n");
        File.Move(Log, Log + ".2");
        await WriteAsync("3\n");
        File.Move(Log, Log + ".1");
        await WriteAsync("4\n");
        await LookAsync();
        Assert.Equal(["1", "2", "3", "4"], _kept.Texts.Order());
    }

    [Fact]
    public async Task Renames_in_the_middle_of_looks_lose_nothing_and_make_nothing_new()
    {
        const int Files = 120;
        using var isOver = new CancellationTokenSource();
        // As logrotate does it: from the last to the first, each takes the next one's name.
        var rotating = Task.Run(() =>
        {
            for (var number = 1; number <= Files; number++)
            {
                File.AppendAllText(Log, $"{number}\n");
                for (var i = number - 1; i >= 1; i--)
                    File.Move($"{Log}.{i}", $"{Log}.{i + 1}");
                File.Move(Log, Log + ".1");
            }

            isOver.Cancel();
        }, Cancel);
        while (!isOver.IsCancellationRequested)
            await LookAsync();
        await rotating;
        await LookAsync();
        await LookAsync();
        Assert.Equal(Enumerable.Range(1, Files), _kept.Lines.DistinctBy(l => l.Id).Select(l => int.Parse(l.Text)).Order());
    }

    [Fact]
    public async Task A_new_file_that_begins_like_the_one_before_is_no_copy_of_it()
    {
        await WriteAsync("same\n");
        await LookAsync();
        File.Move(Log, Log + ".2");
        await WriteAsync("same\n");
        await WriteAsync("more\n");
        File.Move(Log, Log + ".1");
        await WriteAsync("same\n");
        await LookAsync();
        Assert.Equal(["more", "same", "same", "same"], _kept.Texts.Order());
    }

    [Fact]
    public async Task A_copy_that_is_still_being_made_is_not_read_as_a_new_file()
    {
        await WriteAsync("1\n2\n3\n");
        await LookAsync();
        await File.WriteAllTextAsync(Log + ".1", "", Cancel);
        await LookAsync();
        await File.AppendAllTextAsync(Log + ".1", "1\n2", Cancel);
        await LookAsync();
        await File.AppendAllTextAsync(Log + ".1", "\n3\n4\n", Cancel);
        await File.WriteAllTextAsync(Log, "5\n", Cancel);
        await LookAsync();
        await LookAsync();
        Assert.Equal(["1", "2", "3", "4", "5"], _kept.Texts.Order());
    }

    [Fact]
    public async Task A_crash_between_publishing_and_remembering_gives_the_same_ids_again()
    {
        await WriteAsync("1\n2\n");
        _kept.FailWrites = 1;
        _kept.WritesBeforeFailure = 1;
        await Assert.ThrowsAsync<IOException>(LookAsync);
        Restart();
        await LookAsync();
        Assert.Equal(4, _kept.Lines.Count);
        Assert.Equal(2, _kept.Lines.Select(l => l.Id).Distinct().Count());
    }

    [Fact]
    public async Task A_copy_of_a_truncated_file_is_read_on_where_the_file_was_and_the_file_from_its_start()
    {
        await WriteAsync("1\n2\n");
        await LookAsync();
        await WriteAsync("3\n");
        File.Copy(Log, Log + ".1");
        // Copied, not truncated yet: nothing twice.
        await LookAsync();
        Assert.Equal(["1", "2", "3"], _kept.Texts);
        await WriteAsync("lost\n");
        await File.WriteAllTextAsync(Log, "4\n", Cancel);
        await LookAsync();
        await LookAsync();
        Assert.Equal(["1", "2", "3", "4"], _kept.Texts.Order());
        Assert.True(_counts.Truncations > 0);
    }

    [Fact]
    public async Task A_position_beyond_the_files_end_begins_at_its_start_says_so_once_and_keeps_the_new_one()
    {
        await WriteAsync("1\n2\n3\n");
        await LookAsync();
        Restart();
        await File.WriteAllTextAsync(Log, "4\n", Cancel);
        await LookAsync();
        await LookAsync();
        Assert.Equal(["1", "2", "3", "4"], _kept.Texts);
        Assert.Equal(1, _counts.Truncations);
        Restart();
        await LookAsync();
        Assert.Equal((4, 0), (_kept.Lines.Count, _counts.Truncations));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"files\": [{}]}")]
    [InlineData("{\"files\": [{\"number\": \"x\", \"identity\": {\"node\": \"n\", \"headLength\": 0, \"head\": \"\"}, \"offset\": -1}]}")]
    [InlineData("\"nonsense\"")]
    public async Task A_damaged_position_begins_at_the_start_of_the_current_file(string damaged)
    {
        await File.WriteAllTextAsync(Log + ".1", "old\n", Cancel);
        await WriteAsync("1\n");
        _kept.Json = damaged;
        await LookAsync();
        await LookAsync();
        Assert.Equal(["1"], _kept.Texts);
        Assert.Equal(1, _counts.BadCheckpoints);
        Restart();
        await LookAsync();
        Assert.Equal((1, 0), (_kept.Lines.Count, _counts.BadCheckpoints));
    }

    [Fact]
    public async Task A_file_in_an_old_ones_place_is_another_although_it_has_its_length()
    {
        await WriteAsync("first\n");
        await LookAsync();
        File.Delete(Log);
        await WriteAsync("other\n");
        await LookAsync();
        Assert.Equal(["first", "other"], _kept.Texts);
        Assert.Equal(2, _kept.Lines.Select(l => l.File).Distinct().Count());
    }

    [Fact]
    public async Task The_last_line_of_a_rotated_file_needs_no_end()
    {
        await WriteAsync("1\nend");
        await LookAsync();
        File.Move(Log, Log + ".1");
        await WriteAsync("2\n");
        await LookAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        await LookAsync();
        await LookAsync();
        Assert.Equal(["1", "2", "end"], _kept.Texts.Order());
    }

    private Task WriteAsync(string text) => File.AppendAllTextAsync(Log, text, Cancel);

    private Task LookAsync()
    {
        var options = LogOptions.From(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["LOG_FILE"] = Log }).Build());
        _follower ??= new LogFollower(options, _kept, _kept, _counts, _time, NullLogger<LogFollower>.Instance);
        return _follower.LookAsync(Cancel);
    }

    private void Restart()
    {
        _follower?.Dispose();
        (_follower, _counts) = (null, new FollowCounts());
    }

    public void Dispose()
    {
        _follower?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Kept : ILinePublisher, ICheckpoints
    {
        public List<LogLine> Lines { get; } = [];

        public IEnumerable<string> Texts => Lines.Select(l => l.Text);

        public string? Json { get; set; }

        public int FailWrites { get; set; }

        public int WritesBeforeFailure { get; set; }

        public Task PublishAsync(IReadOnlyList<LogLine> lines, CancellationToken cancel)
        {
            Lines.AddRange(lines);
            return Task.CompletedTask;
        }

        public Task<Checkpoint?> ReadAsync(CancellationToken cancel) =>
            Task.FromResult(Json is null ? null : JsonSerializer.Deserialize<Checkpoint>(Json, JsonSerializerOptions.Web));

        public Task WriteAsync(Checkpoint checkpoint, CancellationToken cancel)
        {
            if (WritesBeforeFailure-- <= 0 && FailWrites-- > 0)
                throw new IOException("The store is away.");
            Json = JsonSerializer.Serialize(checkpoint, JsonSerializerOptions.Web);
            return Task.CompletedTask;
        }
    }
}
