using Microsoft.Extensions.Time.Testing;
using Samples.LogAdapter;
using Samples.LogAdapter.Following;
using Samples.LogAdapter.Formats;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>Lines as people's programs write them, and what becomes of them.</summary>
public sealed class LogFormatTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData("2026-01-15 12:00:00", "2026-01-15T11:00:00Z")]
    [InlineData("2026-07-15 12:00:00", "2026-07-15T10:00:00Z")]
    [InlineData("2026-03-29 01:59:59", "2026-03-29T00:59:59Z")]
    [InlineData("2026-03-29 02:30:00", "2026-03-29T01:30:00Z")]
    [InlineData("2026-03-29 03:00:00", "2026-03-29T01:00:00Z")]
    public void A_log_time_without_a_zone_in_summer_and_in_winter(string local, string instant) =>
        Assert.Equal(DateTimeOffset.Parse(instant), new StormLog(Berlin).Parse($"{local} b.s.d.worker main [INFO] text", []).Time);

    [Fact]
    public void The_hour_that_comes_twice_is_of_the_first_pass_until_the_clock_goes_back()
    {
        var log = new StormLog(Berlin);
        var instants = new[] { "02:00:00", "02:59:59", "02:00:00", "02:30:00", "03:00:00" }
            .Select(t => log.Parse($"2026-10-25 {t} x main [INFO] text", []).Time!.Value.UtcDateTime.TimeOfDay);
        Assert.Equal(["00:00:00", "00:59:59", "01:00:00", "01:30:00", "02:00:00"], instants.Select(i => $"{i}"));
    }

    [Theory]
    [InlineData("2026-07-15T12:00:00.250Z", "2026-07-15T12:00:00.250Z")]
    [InlineData("2026-07-15 12:00:00,250 +0530", "2026-07-15T06:30:00.250Z")]
    public void A_zone_in_the_line_wins(string written, string instant) =>
        Assert.Equal(DateTimeOffset.Parse(instant), new StormLog(Berlin).Parse($"{written} b.s.d.worker main [INFO] text", []).Time);

    [Fact]
    public void A_stack_trace_of_40_lines_that_is_the_last_thing_written_is_one_record_after_a_set_wait_with_its_first_lines_time()
    {
        var records = new RecordAssembler(new StormLog(TimeZoneInfo.Utc), TimeSpan.FromMilliseconds(500), _time);
        Assert.Null(records.Add(new Line("2026-01-01 00:00:05 b.s.d.worker main [ERROR] it failed", false)));
        var seen = _time.GetUtcNow();
        Assert.Null(records.Add(new Line("java.lang.IllegalStateException: no more", false)));
        for (var i = 1; i < 40; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            Assert.Null(records.Add(new Line($"\tat a.b.C.step{i}(C.java:{i})", false)));
            Assert.Null(records.Expire());
        }

        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.Null(records.Expire());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        var record = records.Expire()!.Value;
        Assert.Equal(DateTimeOffset.Parse("2026-01-01T00:00:05Z"), record.Line.Time);
        Assert.Equal(seen, record.Seen);
        Assert.Equal(41, record.Line.Body.Split('\n').Length);
        Assert.Equal("java.lang.IllegalStateException", record.Line.Attributes["exception.type"]);
        Assert.Equal("no more", record.Line.Attributes["exception.message"]);
        Assert.Null(records.Expire());
        Assert.Null(records.End());
    }

    [Fact]
    public void Two_writers_in_turns_are_not_mixed()
    {
        // Each into its own file, line by line in turns; and one after the other into the same.
        var one = new RecordAssembler(new StormLog(TimeZoneInfo.Utc), TimeSpan.FromSeconds(1), _time);
        var two = new RecordAssembler(new StormLog(TimeZoneInfo.Utc), TimeSpan.FromSeconds(1), _time);
        one.Add(new Line("2026-01-01 00:00:01 x one [ERROR] first", false));
        two.Add(new Line("2026-01-01 00:00:02 x two [ERROR] second", false));
        for (var i = 0; i < 20; i++)
        {
            Assert.Null(one.Add(new Line($"\tat one.Step{i}", false)));
            Assert.Null(two.Add(new Line($"\tat two.Step{i}", false)));
        }

        Assert.DoesNotContain("two", one.End()!.Value.Line.Body);
        Assert.DoesNotContain("one", two.End()!.Value.Line.Body);

        var shared = new RecordAssembler(new AnyLog(TimeZoneInfo.Utc), TimeSpan.FromSeconds(1), _time);
        var lines = Enumerable.Range(0, 10).SelectMany(i => (string[])
        [
            $"2026-01-01 00:00:0{i} x one [ERROR] first", "a.b.C: bad", "\tat one.Step", $"{{\"msg\":\"second\",\"n\":{i}}}",
        ]);
        var finished = lines.Select(l => shared.Add(new Line(l, false))).ToList();
        var records = finished.Append(shared.End()).Where(r => r is not null).Select(r => r!.Value.Line.Body).ToList();
        Assert.Equal(Enumerable.Range(0, 10).SelectMany(_ => (string[])["first\na.b.C: bad\n\tat one.Step", "second"]), records);
    }

    [Theory]
    [InlineData("123 \"foo\"")]
    [InlineData("{\"level\":\"info\",\"level\":\"warn\"}")]
    [InlineData("{\"msg\":\"cut")]
    [InlineData("{\"time\":\"yesterday\",\"msg\":\"x\"}")]
    [InlineData("{\"time\":1e300,\"msg\":\"x\"}")]
    [InlineData("[1,2]")]
    [InlineData("2026-13-45 12:00:00 x main [INFO] no such day")]
    [InlineData("127.0.0.1 - - [31/Feb/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200 1")]
    [InlineData("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 2000 1")]
    [InlineData("\0\u0001")]
    public void A_line_that_fits_nothing_is_kept_whole_with_a_parse_error(string line)
    {
        foreach (var format in (string[])["json", "clf", "storm", "any"])
        {
            var parsed = LogFormats.Create(format, TimeZoneInfo.Utc)!.Parse(line, []);
            Assert.Equal(line, parsed.Body);
            Assert.NotEmpty((string)parsed.Attributes[LogRecord.ParseError]);
            Assert.Null(parsed.Time);
        }
    }

    [Fact]
    public void Common_and_combined_log_format()
    {
        // The example of Apache's documentation, and one with all that can be odd.
        var common = new CommonLog().Parse("127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /apache_pb.gif HTTP/1.0\" 200 2326", []);
        Assert.Equal(DateTimeOffset.Parse("2000-10-10T20:55:36Z"), common.Time);
        Assert.Equal("INFO", common.SeverityText);
        Assert.Equal("frank", common.Attributes["user.name"]);
        Assert.Equal("GET", common.Attributes["http.request.method"]);
        Assert.Equal("/apache_pb.gif", common.Attributes["url.path"]);
        Assert.Equal("1.0", common.Attributes["network.protocol.version"]);
        Assert.Equal(200, common.Attributes["http.response.status_code"]);
        Assert.Equal(2326L, common.Attributes["http.response.body.size"]);
        var odd = new CommonLog().Parse(
            """::1 - two words [10/Oct/2000:13:55:36 +0000] "GET /?q=\"a\" HTTP/1.1" 503 - "-" "Mozilla \x22x\x22" """.TrimEnd(), []);
        Assert.Equal("ERROR", odd.SeverityText);
        Assert.Equal("two words", odd.Attributes["user.name"]);
        Assert.Equal("q=\"a\"", odd.Attributes["url.query"]);
        Assert.Equal("Mozilla \"x\"", odd.Attributes["user_agent.original"]);
        Assert.False(odd.Attributes.ContainsKey("http.response.body.size"));
        Assert.Equal("WARN", new CommonLog().Parse("::1 - - [10/Oct/2000:13:55:36 +0000] \"\\x16\\x03\" 400 0", []).SeverityText);
    }

    [Fact]
    public void Lines_wait_for_their_end_lose_their_CR_and_are_cut_where_they_are_too_long()
    {
        var lines = new LineReader(10);
        Assert.Empty(lines.Add("123"u8.ToArray()));
        Assert.Equal([new Line("12345", false), new Line("", false, 7)], lines.Add("45\r\n\n"u8.ToArray()));
        Assert.Empty(lines.Add("abcdefghijk"u8.ToArray()));
        Assert.Equal(8, lines.Begin);
        Assert.Equal([new Line("abcdefghij", true, 8), new Line("next", false, 24)], lines.Add("tail\nnext\nopen"u8.ToArray()));
        Assert.Equal(new Line("open", false, 29), lines.End());
        Assert.Null(lines.End());
    }
}
