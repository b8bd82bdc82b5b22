using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Samples.Experiments.Adapter;
using Samples.MetricsAdapter;
using Samples.MetricsAdapter.Page;
using Samples.MetricsAdapter.Sources;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>Sources that hang, lie or shout: they cost the page their own values and nothing else.</summary>
public sealed class ScrapeTests
{
    private static readonly JsonMapping Mapping = JsonMapping.Parse("""
        [{"path": "hits", "name": "shop_hits_total", "type": "counter", "help": "Hits."},
         {"path": "pages/*/ms", "name": "shop_page_seconds", "type": "gauge", "unit": "ms", "labels": ["page"], "help": "Time."}]
        """);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_types_under_one_name_and_the_same_series_twice_are_refused_and_counted()
    {
        var page = await ScrapeAsync(
            new Told("meter", "flow,count,,1\nflow_total,level,,2\nwater,level,,1\nwater,level,,2\nWater,level,,3\n"),
            new Told("other", "flow,count,,5\n"));
        Assert.Equal(1, page.Find("meter_flow_total", ("source", "meter")));
        Assert.Equal(1, page.Find("meter_water", ("source", "meter")));
        Assert.Equal(5, page.Find("other_flow_total", ("source", "other")));
        Assert.Equal(1, page.Find("adapter_refused_samples_total", ("source", "meter"), ("reason", "name")));
        Assert.Equal(2, page.Find("adapter_refused_samples_total", ("source", "meter"), ("reason", "duplicate")));
        Assert.Equal(1, page.Find("up", ("source", "meter")));
        Assert.Equal(2, page.Find("adapter_samples", ("source", "meter")));
    }

    [Theory]
    [InlineData("flow,count,,NaN", "not-finite")]
    [InlineData("flow,level,,-Infinity", "not-finite")]
    [InlineData("flow,count,,-1", "negative")]
    [InlineData("flow,count,furlong,1", "format")]
    [InlineData("flow,sum,,1", "format")]
    [InlineData("flow,count,,one", "format")]
    [InlineData("flow,count,,1,site", "format")]
    [InlineData("flow,count,,1,source=me", "label")]
    [InlineData("flow,count,,1,a=1,a=2", "label")]
    [InlineData("\"flow,count,,1", "format")]
    public async Task A_value_that_is_none_is_refused_and_counted_and_the_others_are_there(string row, string reason)
    {
        var page = await ScrapeAsync(new Told("meter", $"{row}\nheat,level,C,21.5,\"site=the \"\"old\"\" one\"\n"));
        Assert.Equal(21.5, page.Find("meter_heat_celsius", ("source", "meter"), ("site", "the \"old\" one")));
        Assert.Equal(1, page.Find("adapter_refused_samples_total", ("source", "meter"), ("reason", reason)));
        Assert.DoesNotContain(page.Samples, s => s.Name.StartsWith("meter_flow", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("<!DOCTYPE html><html><body>Please, log in</body></html>", "format")]
    public async Task A_source_that_says_nothing_or_HTML_is_down_and_the_others_are_there(string text, string reason)
    {
        var page = await ScrapeAsync(new Told("meter", text), new Told("other", "flow,count,,5\n"), new Json("shop", text));
        foreach (var source in (string[])["meter", "shop"])
        {
            Assert.Equal(0, page.Find("up", ("source", source)));
            Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", source), ("reason", reason)));
        }

        Assert.Equal(5, page.Find("other_flow_total", ("source", "other")));
    }

    [Theory]
    [InlineData("""{"hits": 1, "hits": 2}""")]
    [InlineData("""{"hits": 1""")]
    [InlineData("""123 "foo" """)]
    public async Task JSON_that_is_cut_or_has_a_key_twice_is_refused(string text)
    {
        var page = await ScrapeAsync(new Json("shop", text));
        Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", "shop"), ("reason", "format")));
    }

    [Fact]
    public async Task Five_megabytes_are_refused_while_they_come_and_the_others_are_there()
    {
        await using var large = new Talker(async (stream, cancel) =>
        {
            var row = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 1000).Select(i => $"flow,count,,1,site=s{i}\n")));
            for (var sent = 0; sent < 5_000_000; sent += row.Length)
                await stream.WriteAsync(row, cancel);
        });
        var page = await ScrapeAsync(
            new CsvSource("large", new SourceAddress($"127.0.0.1:{large.Port}"), 1_000_000), new Told("other", "flow,count,,5\n"));
        Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", "large"), ("reason", "too-large")));
        Assert.Equal(5, page.Find("other_flow_total", ("source", "other")));

        await using var web = new Talker(async (stream, cancel) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"x\": \""u8.ToArray(), cancel);
            for (var sent = 0; sent < 5_000_000; sent += 10_000)
                await stream.WriteAsync(new byte[10_000], cancel);
        });
        using var http = new HttpClient();
        page = await ScrapeAsync(new JsonSource("shop", http, new Uri($"http://127.0.0.1:{web.Port}/"), Mapping, 1_000_000));
        Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", "shop"), ("reason", "too-large")));
    }

    [Fact]
    public async Task One_of_many_sources_hangs_and_its_own_limit_ends_it_and_the_connection_is_gone()
    {
        // Accepts, reads what is asked, and never answers.
        await using var hung = new Talker((stream, cancel) => Task.Delay(Timeout.Infinite, cancel));
        var limit = TimeSpan.FromMilliseconds(300);
        using var http = new HttpClient { Timeout = Timeout.InfiniteTimeSpan };
        using var redis = new RedisSource("redis", new SourceAddress($"127.0.0.1:{hung.Port}"), _ => Task.FromResult<string?>(null), 1000);
        ISource[] sources =
        [
            new CsvSource("csv", new SourceAddress($"127.0.0.1:{hung.Port}"), 1000), redis,
            new JsonSource("json", http, new Uri($"http://127.0.0.1:{hung.Port}/"), Mapping, 1000),
            .. Enumerable.Range(0, 20).Select(i => new Told($"other{i}", "flow,count,,5\n")),
        ];
        var began = Stopwatch.GetTimestamp();
        var page = await ScrapeAsync(limit, sources);
        Assert.InRange(Stopwatch.GetElapsedTime(began), limit - TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(20));
        foreach (var source in (string[])["csv", "redis", "json"])
            Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", source), ("reason", "timeout")));
        Assert.Equal(20, page.Samples.Count(s => s is { Name: "up", Value: 1 }));
        // Each of the three has closed its connection: the other side sees the end.
        await hung.Ended(3).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task A_source_that_answers_byte_by_byte_is_ended_at_its_limit()
    {
        await using var drip = new Talker(async (stream, cancel) =>
        {
            while (true)
            {
                await stream.WriteAsync("f"u8.ToArray(), cancel);
                await Task.Delay(10, cancel);
            }
        });
        var slow = new CsvSource("slow", new SourceAddress($"127.0.0.1:{drip.Port}"), 1_000_000);
        var page = await ScrapeAsync(TimeSpan.FromMilliseconds(300), slow, new Told("other", "flow,count,,5\n"));
        Assert.Equal(1, page.Find("adapter_failed_scrapes_total", ("source", "slow"), ("reason", "timeout")));
        Assert.Equal(5, page.Find("other_flow_total", ("source", "other")));
        await drip.Ended(1).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Fact]
    public async Task A_source_that_does_not_heed_its_limit_does_not_hold_the_page()
    {
        var never = new TaskCompletionSource<Reading>();
        var page = await ScrapeAsync(TimeSpan.FromMilliseconds(100), new Deaf("deaf", never.Task), new Told("other", "flow,count,,5\n"));
        Assert.Equal(0, page.Find("up", ("source", "deaf")));
        Assert.Equal(5, page.Find("other_flow_total", ("source", "other")));
    }

    [Theory]
    [InlineData(null, 2)]
    [InlineData("10", 2)]
    [InlineData("1", 0.5)]
    [InlineData("0.5", 0.25)]
    [InlineData("2.5", 2)]
    [InlineData("2", 1.5)]
    [InlineData("-1", 2)]
    [InlineData("soon", 2)]
    [InlineData("NaN", 2)]
    [InlineData("0", 2)]
    public void The_scrape_is_answered_before_the_scraper_gives_up(string? header, double seconds) =>
        Assert.Equal(seconds, MetricsEndpoints.LimitFor(header, TimeSpan.FromSeconds(2)).TotalSeconds, 6);

    [Fact]
    public async Task No_source_can_speak_for_the_adapter()
    {
        var page = await ScrapeAsync(
            new Fixed("evil", new Sample(new MetricFamily("up", MetricType.Gauge, "x"), [], 1)),
            new Fixed("worse", new Sample(new MetricFamily("adapter_samples", MetricType.Gauge, "x"), [], 1)));
        Assert.Equal(2, page.Samples.Count(s => s.Name == "up"));
        Assert.Equal(1, page.Find("adapter_refused_samples_total", ("source", "evil"), ("reason", "name")));
    }

    [Fact]
    public void A_mapping_names_what_is_wrong_with_it()
    {
        string Problem(string text) => Assert.ThrowsAny<Exception>(() => JsonMapping.Parse(text)).Message;
        Assert.Contains("_total", Problem("""[{"path": "a", "name": "a_total", "type": "gauge", "help": "x"}]"""));
        Assert.Contains("help", Problem("""[{"path": "a", "name": "a", "type": "gauge", "help": " "}]"""));
        Assert.Contains("furlong", Problem("""[{"path": "a", "name": "a", "type": "gauge", "help": "x", "unit": "furlong"}]"""));
        Assert.Contains("each *", Problem("""[{"path": "a/*", "name": "a", "type": "gauge", "help": "x"}]"""));
    }

    private static Task<OpenMetricsPage> ScrapeAsync(params ISource[] sources) => ScrapeAsync(TimeSpan.FromSeconds(20), sources);

    private static async Task<OpenMetricsPage> ScrapeAsync(TimeSpan limit, params ISource[] sources)
    {
        var page = await new Scrape(sources, 10_000, TimeProvider.System, NullLogger<Scrape>.Instance).RunAsync(limit, Cancel);
        await MetricPageTests.AssertPromtoolAcceptsAsync(PageFormat.Text.Write(page));
        return OpenMetricsPage.Parse(PageFormat.OpenMetrics.Write(page));
    }

    private sealed record Told(string Name, string Text) : ISource
    {
        public Task<Reading> ReadAsync(CancellationToken cancel) => Task.Run(() => CsvSource.Read(Name, Text), cancel);
    }

    private sealed record Json(string Name, string Text) : ISource
    {
        public Task<Reading> ReadAsync(CancellationToken cancel) =>
            Task.Run(() => JsonSource.Read(Encoding.UTF8.GetBytes(Text), Mapping), cancel);
    }

    private sealed record Fixed(string Name, Sample Sample) : ISource
    {
        public Task<Reading> ReadAsync(CancellationToken cancel) => Task.FromResult(new Reading([Sample]));
    }

    private sealed record Deaf(string Name, Task<Reading> Never) : ISource
    {
        public Task<Reading> ReadAsync(CancellationToken cancel) => Never;
    }
}

/// <summary>A server of one test that does with each connection what it is told, and notes when the other side has closed it.</summary>
internal sealed class Talker : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _ended = new(0);
    private readonly Task _accepting;

    public Talker(Func<NetworkStream, CancellationToken, Task> talk)
    {
        _listener.Start();
        _accepting = AcceptAsync(talk);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections { get; private set; }

    /// <summary>When so many connections have been closed by the other side.</summary>
    public async Task Ended(int count)
    {
        for (var i = 0; i < count; i++)
            await _ended.WaitAsync();
    }

    private async Task AcceptAsync(Func<NetworkStream, CancellationToken, Task> talk)
    {
        try
        {
            while (true)
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token), talk);
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client, Func<NetworkStream, CancellationToken, Task> talk)
    {
        Connections++;
        using var _ = client;
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        var stream = client.GetStream();
        var talking = Task.Run(async () =>
        {
            await talk(stream, gone.Token);
            client.Client.Shutdown(SocketShutdown.Send);
        });
        try
        {
            var buffer = new byte[4096];
            while (await stream.ReadAsync(buffer, _end.Token) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // Closed the hard way, or the test is over.
        }

        await gone.CancelAsync();
        await talking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ended.Release();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
    }
}
