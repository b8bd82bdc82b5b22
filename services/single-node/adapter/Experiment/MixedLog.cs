using System.Globalization;
using System.Text;

namespace Samples.Experiments.Adapter;

/// <summary>A record as it must come out.</summary>
internal sealed record ExpectedRecord(
    string? Timestamp, int SeverityNumber, string Body, IReadOnlyDictionary<string, string> Attributes, bool IsReadable);

/// <summary>
/// Draws lines of several formats from a seed, with the truth about each: access logs, text with stack traces, JSON, and lines that are
/// none of them.
/// </summary>
internal sealed class MixedLog(Random random, DateTimeOffset begin)
{
    private static readonly string[] Paths = ["/", "/orders", "/a/very/long/path/to/something", "/caf%C3%A9"];
    private static readonly string[] Methods = ["GET", "POST", "DELETE"];
    private static readonly string[] Words = ["hat", "schön", "\"quoted\"", @"back\slash", "日本", "42"];
    private static readonly string[] Nonsense =
    [
        "123 \"foo\"", """{"level":"info","level":"warn"}""", """{"msg":"cut""", "<html>",
        """127.0.0.1 - - [yesterday] "GET / HTTP/1.1" 200 1""", "[1,2]",
    ];

    private DateTimeOffset _time = new(begin.Ticks - begin.Ticks % TimeSpan.TicksPerSecond, TimeSpan.Zero);

    /// <summary>The text of one record, with its line end, and what it says.</summary>
    public (string Text, ExpectedRecord Truth) Next()
    {
        _time += TimeSpan.FromSeconds(random.Next(1, 30));
        var (text, truth) = random.Next(10) switch
        {
            < 4 => Access(),
            < 6 => Text(),
            < 7 => Trace(),
            < 9 => Json(),
            _ => Unreadable(),
        };
        return (text + (random.Next(10) == 0 ? "\r\n" : "\n"), truth);
    }

    private (string, ExpectedRecord) Access()
    {
        var method = Methods[random.Next(Methods.Length)];
        var path = Paths[random.Next(Paths.Length)];
        var status = random.Next(2, 6) * 100 + random.Next(5);
        var size = random.Next(100_000);
        var zone = random.Next(-11, 12);
        var local = _time.ToOffset(TimeSpan.FromHours(zone));
        var time = string.Create(
            CultureInfo.InvariantCulture, $"{local:dd/MMM/yyyy:HH:mm:ss} {(zone < 0 ? '-' : '+')}{Math.Abs(zone):00}00");
        var line = $"10.0.0.{random.Next(1, 255)} - - [{time}] \"{method} {path}?n={size} HTTP/1.1\" {status} {size}";
        var expected = Expect(
            status >= 500 ? 17 : status >= 400 ? 13 : 9,
            line,
            ("http.request.method", method),
            ("url.path", path),
            ("url.query", $"n={size}"),
            ("http.response.status_code", $"{status}"),
            ("http.response.body.size", $"{size}"));
        return (line, expected);
    }

    private (string, ExpectedRecord) Text()
    {
        var (text, thread) = (Sentence(), $"worker-{random.Next(8)}");
        return (
            $"{_time:yyyy-MM-dd HH:mm:ss} b.s.d.executor {thread} [INFO] {text}",
            Expect(9, text, ("code.namespace", "b.s.d.executor"), ("thread.name", thread)));
    }

    private (string, ExpectedRecord) Trace()
    {
        var (text, message) = (Sentence(), Sentence());
        var trace = new StringBuilder($"java.lang.IllegalStateException: {message}");
        for (var i = random.Next(1, 40); i > 0; i--)
            trace.Append(CultureInfo.InvariantCulture, $"\n\tat backtype.storm.Step{i}.run(Step.java:{i})");
        return ($"{_time:yyyy-MM-dd HH:mm:ss} b.s.d.worker main [ERROR] {text}\n{trace}",
            Expect(
                17,
                $"{text}\n{trace}",
                ("exception.type", "java.lang.IllegalStateException"),
                ("exception.message", message),
                ("exception.stacktrace", trace.ToString())));
    }

    private (string, ExpectedRecord) Json()
    {
        var (text, count) = (Sentence(), random.Next(1_000_000));
        var time = _time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        var line = System.Text.Json.JsonSerializer.Serialize(new { time, level = "warn", msg = text, count, user = new { id = count } });
        return (line, Expect(13, text, ("count", $"{count}"), ("user", $"{{\"id\":{count}}}")));
    }

    private (string, ExpectedRecord) Unreadable()
    {
        var line = Nonsense[random.Next(Nonsense.Length)];
        return (line, new ExpectedRecord(null, 0, line, new Dictionary<string, string>(), IsReadable: false));
    }

    private ExpectedRecord Expect(int severity, string body, params (string Name, string Value)[] attributes) =>
        new($"{_time.ToUnixTimeSeconds()}000000000", severity, body, attributes.ToDictionary(a => a.Name, a => a.Value), IsReadable: true);

    private string Sentence() => string.Join(' ', Enumerable.Range(0, random.Next(1, 6)).Select(_ => Words[random.Next(Words.Length)]));
}
