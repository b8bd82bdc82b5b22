using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>Clients that say nothing, never end, never listen, or talk nonsense: who asks properly has an answer all the same.</summary>
public sealed class HostileClientTests : IAsyncDisposable
{
    private const int Most = 10_000, Kept = 1000;
    private static readonly TimeSpan ScraperGivesUp = TimeSpan.FromSeconds(10);

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-hostile-").FullName;
    private readonly List<Socket> _clients = [];
    private Service? _service;

    public static TheoryData<string, string> Adapters => new()
    {
        { "Samples.MetricsAdapter", "/metrics" },
        { "Samples.LogAdapter", "/records" },
        { "Samples.HealthAdapter", "/healthz" },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, MemberData(nameof(Adapters))]
    public async Task Ten_thousand_idle_connections_and_slow_scrapers_keep_nobody_from_an_answer(string project, string path)
    {
        await StartAsync(project);
        // As many as a process may have here, on either side.
        for (var i = 0; i < Math.Min(Most, Files() - Kept); i++)
            _clients.Add(await ConnectAsync());
        // Some begin and never end, and some ask again and again and never read what they are told.
        var begun = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: x\r\nX-Slow: ");
        var asked = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n", 20)));
        foreach (var (i, client) in _clients.Take(200).Index())
            await client.SendAsync(i % 2 == 0 ? begun : asked, Cancel);

        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < 5; i++)
        {
            using var answer = await _service!.Http.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.True(Stopwatch.GetElapsedTime(began) < ScraperGivesUp);
    }

    [Theory]
    [InlineData("\0\u0001\u0002 nonsense\r\n\r\n")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\nContent-Length: 3\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /metrics HTTP/1.1\r\n\r\n")]
    [InlineData("HUGE")]
    public async Task What_is_no_request_is_refused_and_the_next_one_is_answered(string request)
    {
        await StartAsync("Samples.MetricsAdapter");
        using var client = await ConnectAsync();
        var text = request == "HUGE" ? $"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Huge: {new string('x', 100_000)}\r\n\r\n" : request;
        await client.SendAsync(Encoding.Latin1.GetBytes(text), Cancel);
        var buffer = new byte[4096];
        var read = await client.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(ScraperGivesUp, Cancel);
        Assert.StartsWith("HTTP/1.1 4", Encoding.Latin1.GetString(buffer, 0, read), StringComparison.Ordinal);
        using var answer = await _service!.Http.GetAsync("/metrics", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task StartAsync(string project)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "app.log"), "{\"msg\":\"x\"}\n", Cancel);
        _service = Service.Start(project, Service.FreePort(), null,
        [
            ("SAMPLES_DATA", _folder), ("SOURCES__GONE__KIND", "csv"), ("SOURCES__GONE__ADDRESS", $"127.0.0.1:{Service.FreePort()}"),
            ("LOGS__APP__FORMAT", "json"), ("LOGS__APP__PATH", "app.log"),
            ("CHECKS__APP__KIND", "sqlite"), ("CHECKS__APP__CONNECTION", "Data Source=:memory:"), ("CHECKS__APP__QUERY", "SELECT 1"),
        ]);
        while ((await TryAsync("/healthz")) != HttpStatusCode.OK)
            await Task.Delay(20, Cancel);
    }

    private async Task<HttpStatusCode?> TryAsync(string path)
    {
        try
        {
            using var answer = await _service!.Http.GetAsync(path, Cancel);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _service!.Http.BaseAddress!.Port, Cancel);
        return socket;
    }

    // The service inherits it.
    private static int Files()
    {
        const int unknown = 1024 + Kept;
        if (!OperatingSystem.IsLinux())
            return unknown;
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        var isNumber = int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var files);
        return isNumber ? Math.Max(files, Kept + 100) : Most + Kept;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
            client.Dispose();
        if (_service is not null)
            await _service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
