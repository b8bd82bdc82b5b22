using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>
/// Clients that want no page: each is turned away, what it sent beside its request reaches nobody, and another client does not notice.
/// </summary>
public sealed class HostileClientTests
{
    private const int IdleConnections = 10_000, OwnFiles = 1_500;
    private const string Host = "Host: localhost\r\n", Chunked = "Transfer-Encoding: chunked\r\n";
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [Fact]
    public async Task A_hello_that_comes_byte_by_byte_is_cut_off_at_the_deadline()
    {
        await using var door = await TlsDoor.OpenAsync(("HANDSHAKE_SECONDS", "1"));
        await using var bystander = door.Watch();
        // A record of 512 bytes is announced, and each byte keeps the connection from being idle.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var client = await door.ConnectAsync();
            var stream = client.GetStream();
            await stream.WriteAsync(new byte[] { 22, 3, 1, 2, 0, 1 }, Machine.Cancel);
            var ended = TlsDoor.IsEndedAsync(stream);
            var dripped = 0;
            while (!ended.IsCompleted && dripped++ < 500)
            {
                try
                {
                    await stream.WriteAsync(new byte[] { 0 }, Machine.Cancel);
                }
                catch (IOException)
                {
                    break;
                }

                await Task.WhenAny(ended, Task.Delay(50, Machine.Cancel));
            }

            Assert.True(await ended, "A hello of a minute was waited for.");
        }));
        await NothingNoticedAsync(bystander);
    }

    [Fact]
    public async Task Ten_thousand_idle_connections_are_not_noticed_and_are_gone_after_the_deadline()
    {
        var count = Math.Min(IdleConnections, FilesAllowed() - OwnFiles);
        Assert.SkipWhen(count < 500, $"This process may open {FilesAllowed()} files; raise the limit (ulimit -n).");
        TestContext.Current.TestOutputHelper!.WriteLine($"{count} connections, {FilesAllowed()} files are allowed");
        await using var door = await TlsDoor.OpenAsync(("HANDSHAKE_SECONDS", "20"));
        var idle = new List<TcpClient>();
        try
        {
            await using (var bystander = door.Watch())
            {
                while (idle.Count < count)
                    idle.Add(await door.ConnectAsync());
                await NothingNoticedAsync(bystander);
            }

            foreach (var client in idle)
                Assert.True(await TlsDoor.IsEndedAsync(client.GetStream()), "An idle connection outlived its deadline by a minute.");
        }
        finally
        {
            idle.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task Headers_that_never_end_are_cut_off_at_the_deadline()
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        await using var stream = await door.HandshakeAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /slow HTTP/1.1\r\n{Host}"), Machine.Cancel);
        var ended = TlsDoor.IsEndedAsync(stream);
        for (var number = 0; !ended.IsCompleted && number < 600; number++)
        {
            try
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"X-{number}: y\r\n"), Machine.Cancel);
            }
            catch (IOException)
            {
                break;
            }

            await Task.WhenAny(ended, Task.Delay(250, Machine.Cancel));
        }

        Assert.True(await ended, "Headers of a minute were waited for.");
        await NothingNoticedAsync(bystander);
        Assert.DoesNotContain(door.Seen, s => s.Target == "/slow");
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\nhello")]
    [InlineData(Chunked + "\r\n5\r\nhello\r\n")]
    public async Task A_request_whose_client_resets_the_connection_in_the_middle_is_no_whole_one(string beginning)
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        var under = door.ExpectAbort("/cut");
        var client = await door.ConnectAsync();
        await using (var stream = await TlsDoor.HandshakeAsync(client))
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"POST /cut HTTP/1.1\r\n{Host}{beginning}"), Machine.Cancel);
            await under.Begun.WaitAsync(Machine.Cancel);
            // Closing with nothing to wait for is a reset.
            client.LingerState = new LingerOption(true, 0);
            client.Client.Close();
        }

        Assert.True(await under.IsAborted.WaitAsync(TimeSpan.FromMinutes(1), Machine.Cancel), "The half was taken for the whole.");
        await NothingNoticedAsync(bystander);
    }

    [Fact]
    public async Task Huge_headers_are_refused()
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        var huge = new string('a', 70_000);
        var many = string.Concat(Enumerable.Range(0, 300).Select(i => $"X-{i}: y\r\n"));
        foreach (var (status, text) in new[]
        {
            (431, $"GET /huge HTTP/1.1\r\n{Host}X: {huge}\r\n\r\n"), (431, $"GET /huge HTTP/1.1\r\n{Host}{many}\r\n"),
            (414, $"GET /huge/{huge} HTTP/1.1\r\n{Host}\r\n"),
        })
            Assert.StartsWith($"HTTP/1.1 {status}", await SendAsync(door, text), StringComparison.Ordinal);
        using var client = TlsDoor.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://localhost:{door.Port}/huge")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TryAddWithoutValidation("X", huge);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(request, Machine.Cancel));
        await NothingNoticedAsync(bystander);
        Assert.DoesNotContain(door.Seen, s => s.Target.StartsWith("/huge", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Requests_whose_end_can_be_read_in_two_ways_are_turned_away()
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        foreach (var (name, request) in Ambiguous())
        {
            var answer = await SendAsync(door, request);
            Assert.True(
                answer.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) && answer.Split("HTTP/1.1 ").Length == 2, $"{name}: {answer}");
        }

        await NothingNoticedAsync(bystander);
        Assert.DoesNotContain(door.Seen, s => s.Target == "/smuggled");
        Assert.DoesNotContain(door.Seen, s => s.Target == "/attack");
    }

    [Fact]
    public async Task Broken_chunks_end_a_request_and_begin_no_other()
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        foreach (var chunks in new[]
        {
            $"2;\nxx\r\n47\r\n0\r\n\r\n{Smuggled}", $"0x2\r\nxx\r\n0\r\n\r\n{Smuggled}", $"-1\r\nxx\r\n0\r\n\r\n{Smuggled}",
            $"ffffffffffffffff1\r\nxx\r\n0\r\n\r\n{Smuggled}", $"2\r\nxxx\r\n0\r\n\r\n{Smuggled}", $"2\nxx\n0\n\n{Smuggled}",
        })
        {
            var answer = await SendAsync(door, $"POST /attack HTTP/1.1\r\n{Host}{Chunked}\r\n{chunks}");
            Assert.False(answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal), $"{chunks}: {answer}");
            Assert.True(answer.Split("HTTP/1.1 ").Length <= 2, $"{chunks}: {answer}");
        }

        await NothingNoticedAsync(bystander);
        Assert.DoesNotContain(door.Seen, s => s.Target == "/smuggled");
    }

    [Fact]
    public async Task What_frames_a_request_in_HTTP_1_frames_none_that_came_by_HTTP_2()
    {
        await using var door = await TlsDoor.OpenAsync();
        await using var bystander = door.Watch();
        foreach (var (name, value, body) in new[]
        {
            ("transfer-encoding", "chunked", $"0\r\n\r\n{Smuggled}"), ("content-length", "0", Smuggled),
            ("x", $"y\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{Smuggled}", ""), ("x: y\r\ncontent-length", "0", Smuggled),
            ("content-length", "5, 5", Smuggled),
        })
        {
            await using var stream = await door.HandshakeAsync(SslApplicationProtocol.Http2);
            await stream.WriteAsync(Http2Frames.Post("/attack", name, value, body), Machine.Cancel);
            await TlsDoor.ReadAsync(stream);
        }

        await NothingNoticedAsync(bystander);
        Assert.DoesNotContain(door.Seen, s => s.Target == "/smuggled");
        // What arrived all the same is one request with its own framing, and nothing in a header that was not sent as one.
        Assert.All(door.Seen.Where(s => s.Target == "/attack"), s => Assert.DoesNotContain("/smuggled", s.Headers.Keys));
        Assert.DoesNotContain(door.Seen, s => s.Headers.ContainsKey("Transfer-Encoding") && s.Headers.ContainsKey("Content-Length"));
    }

    private static IEnumerable<(string Name, string Request)> Ambiguous()
    {
        static string Post(string headers, string body) => $"POST /attack HTTP/1.1\r\n{Host}{headers}\r\n{body}";
        yield return ("CL.TE", Post($"Content-Length: 6\r\n{Chunked}", $"0\r\n\r\n{Smuggled}"));
        yield return ("TE.CL", Post($"{Chunked}Content-Length: 4\r\n", $"2e\r\n{Smuggled}\r\n0\r\n\r\n"));
        yield return ("two lengths", Post("Content-Length: 6\r\nContent-Length: 0\r\n", Smuggled));
        yield return ("the same length twice", Post("Content-Length: 0\r\nContent-Length: 0\r\n", Smuggled));
        yield return ("a list of lengths", Post("Content-Length: 0, 0\r\n", Smuggled));
        yield return ("a negative length", Post("Content-Length: -1\r\n", Smuggled));
        yield return ("a length in hexadecimal", Post("Content-Length: 0x0\r\n", Smuggled));
        yield return ("obs-fold", Post("X: y\r\n Content-Length: 0\r\n", Smuggled));
        yield return ("obs-fold of the framing", Post("Transfer-Encoding:\r\n chunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("a blank before the colon", Post("Transfer-Encoding : chunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("another coding", Post("Transfer-Encoding: xchunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("chunked is not last", Post("Transfer-Encoding: chunked, identity\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("two codings", Post("Transfer-Encoding: identity, chunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("chunked twice", Post($"{Chunked}{Chunked}", $"0\r\n\r\n{Smuggled}"));
        yield return ("a control character", Post("Transfer-Encoding:\vchunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("a bare CR", Post("X: y\rTransfer-Encoding: chunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("a bare LF", Post("X: y\nTransfer-Encoding: chunked\r\n", $"0\r\n\r\n{Smuggled}"));
        yield return ("NUL", Post("X: y\0\r\n", Smuggled));
        yield return ("two hosts", Post("Host: other\r\n", ""));
        yield return ("chunks in HTTP/1.0", $"POST /attack HTTP/1.0\r\n{Host}{Chunked}\r\n0\r\n\r\n{Smuggled}");
        yield return ("another host in the target", $"GET http://other/attack HTTP/1.1\r\n{Host}\r\n");
    }

    private static async Task<string> SendAsync(TlsDoor door, string request)
    {
        await using var stream = await door.HandshakeAsync();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), Machine.Cancel);
        return await TlsDoor.ReadAsync(stream);
    }

    private static async Task NothingNoticedAsync(Bystander bystander)
    {
        var asked = bystander.Asked;
        // Some more, after all of it.
        while (bystander.Asked < asked + 20)
            await Task.Delay(10, Machine.Cancel);
        Assert.Empty(bystander.Noticed);
    }

    private static int FilesAllowed()
    {
        if (!File.Exists("/proc/self/limits"))
            return 0;
        var line = File.ReadLines("/proc/self/limits").Single(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var limit = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        return int.TryParse(limit, CultureInfo.InvariantCulture, out var files) ? files : int.MaxValue;
    }
}
