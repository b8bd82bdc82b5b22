using System.Net;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Samples.Experiments.Adapter;
using Xunit;

namespace Samples.Services.Adapter;

/// <summary>The adapters as they run: their endpoints, and what they say to settings that are wrong.</summary>
public sealed class AdapterServiceTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-adapter-").FullName;
    private readonly List<Service> _services = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_is_OpenMetrics_for_who_asks_and_promtool_accepts_the_other()
    {
        await using var meter = new Talker((stream, cancel) =>
            stream.WriteAsync("flow,count,,7,\"site=\"\"x\"\"\"\n"u8.ToArray(), cancel).AsTask());
        var adapter = await StartAsync("Samples.MetricsAdapter",
            ("SOURCES__METER__KIND", "csv"), ("SOURCES__METER__ADDRESS", $"127.0.0.1:{meter.Port}"),
            ("SOURCES__GONE__KIND", "redis"), ("SOURCES__GONE__ADDRESS", $"127.0.0.1:{Service.FreePort()}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1");
        using var open = await adapter.Http.SendAsync(request, Cancel);
        Assert.Equal("application/openmetrics-text", open.Content.Headers.ContentType!.MediaType);
        var page = OpenMetricsPage.Parse(await open.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(7, page.Find("meter_flow_total", ("source", "meter"), ("site", "\"x\"")));
        Assert.Equal(0, page.Find("up", ("source", "gone")));

        using var text = await adapter.Http.GetAsync("/metrics", Cancel);
        Assert.Equal((HttpStatusCode.OK, "text/plain"), (text.StatusCode, text.Content.Headers.ContentType!.MediaType));
        await MetricPageTests.AssertPromtoolAcceptsAsync(await text.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Records_are_read_by_number_and_wrong_numbers_are_refused()
    {
        const string written = "{\"msg\":\"one\",\"level\":\"warn\",\"time\":\"2026-01-01T00:00:00Z\"}\n123 \"foo\"\n";
        await File.WriteAllTextAsync(Path.Combine(_folder, "app.log"), written, Cancel);
        var adapter = await StartAsync("Samples.LogAdapter",
            ("LOGS__APP__FORMAT", "json"), ("LOGS__APP__PATH", "app.log"), ("WAIT_MS", "50"));
        string[] lines = [];
        while (lines.Length < 2)
        {
            lines = (await adapter.Http.GetStringAsync("/records", Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await Task.Delay(20, Cancel);
        }

        var first = JsonSerializer.Deserialize<JsonElement>(lines[0]);
        Assert.Equal("1767225600000000000", first.GetProperty("Timestamp").GetString());
        Assert.Equal("warn", first.GetProperty("SeverityText").GetString());
        Assert.Equal(13, first.GetProperty("SeverityNumber").GetInt32());
        Assert.Equal("one", first.GetProperty("Body").GetString());
        Assert.Equal("app", first.GetProperty("Resource").GetProperty("service.name").GetString());
        Assert.Equal("123 \"foo\"", JsonSerializer.Deserialize<JsonElement>(lines[1]).GetProperty("Body").GetString());
        foreach (var query in (string[])["from=-1", "limit=0", "limit=10001", "from=x"])
        {
            var (status, problem) = await adapter.AskAsync(HttpMethod.Get, $"/records?{query}");
            Assert.Equal(400, status);
            Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        }
    }

    [Fact]
    public async Task Liveness_does_not_ask_the_database_and_readiness_says_what_it_met()
    {
        var file = Path.Combine(_folder, "shop.db");
        await using var other = new SqliteConnection($"Data Source={file};Pooling=False");
        await other.OpenAsync(Cancel);
        await ExecuteAsync(other, "CREATE TABLE orders (id INTEGER)");
        var adapter = await StartAsync("Samples.HealthAdapter",
            ("CHECKS__SHOP__KIND", "sqlite"), ("CHECKS__SHOP__CONNECTION", "Data Source=shop.db"),
            ("CHECKS__SHOP__QUERY", "SELECT count(*) FROM orders"), ("PERIOD_SECONDS", "0.2"), ("TIMEOUT_SECONDS", "2"), ("FAILURES", "1"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(adapter, "/health"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(adapter, "/health/other"));
        await ExecuteAsync(other, "BEGIN EXCLUSIVE");
        while (await StatusAsync(adapter, "/readyz") == HttpStatusCode.OK)
            await Task.Delay(20, Cancel);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(adapter, "/healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(adapter, "/health"));
        var (_, ready) = await adapter.AskAsync(HttpMethod.Get, "/readyz");
        Assert.StartsWith("shop: ", ready.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ExecuteAsync(other, "ROLLBACK");
        while (await StatusAsync(adapter, "/readyz") != HttpStatusCode.OK)
            await Task.Delay(20, Cancel);
    }

    [Theory]
    [InlineData("Samples.MetricsAdapter", "There is no source. Name sources as SOURCES__NAME__KIND")]
    [InlineData("Samples.MetricsAdapter", "SOURCES__X__KIND is 'xml'", "SOURCES__X__KIND=xml")]
    [InlineData("Samples.MetricsAdapter", "SOURCES__X__ADDRESS: 'nowhere' is no address",
        "SOURCES__X__KIND=csv", "SOURCES__X__ADDRESS=nowhere")]
    [InlineData("Samples.MetricsAdapter", "SOURCES__X__MAPPING is missing",
        "SOURCES__X__KIND=json", "SOURCES__X__ADDRESS=http://127.0.0.1:1/")]
    [InlineData("Samples.MetricsAdapter", "not 'adapter'", "SOURCES__ADAPTER__KIND=csv")]
    [InlineData("Samples.MetricsAdapter", "SOURCE_TIMEOUT_SECONDS is '0'",
        "SOURCES__X__KIND=csv", "SOURCES__X__ADDRESS=a:1", "SOURCE_TIMEOUT_SECONDS=0")]
    [InlineData("Samples.LogAdapter", "There is no log. Name logs as LOGS__NAME__FORMAT")]
    [InlineData("Samples.LogAdapter", "LOGS__X__FORMAT is 'xml'", "LOGS__X__FORMAT=xml")]
    [InlineData("Samples.LogAdapter", "LOGS__X__ZONE is 'Atlantis'", "LOGS__X__FORMAT=storm", "LOGS__X__ZONE=Atlantis")]
    [InlineData("Samples.HealthAdapter", "There is nothing to ask. Name checks as CHECKS__NAME__KIND")]
    [InlineData("Samples.HealthAdapter", "CHECKS__X__QUERY is missing", "CHECKS__X__KIND=postgres", "CHECKS__X__CONNECTION=Host=x")]
    [InlineData("Samples.HealthAdapter", "CHECKS__X__CONNECTION is no connection string for postgres",
        "CHECKS__X__KIND=postgres", "CHECKS__X__QUERY=SELECT 1", "CHECKS__X__CONNECTION=Colour=red")]
    public async Task A_wrong_setting_stops_the_start_in_one_line_that_names_it(string project, string said, params string[] settings)
    {
        var service = Service.Start(project, Service.FreePort(), null, settings.Select(s => s.Split('=', 2)).Select(s => (s[0], s[1])));
        _services.Add(service);
        Assert.Equal(1, await service.WaitForExitAsync(TimeSpan.FromSeconds(60), Cancel));
        Assert.Contains(said, service.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", service.Log, StringComparison.Ordinal);
    }

    private async Task<Service> StartAsync(string project, params (string Name, string Value)[] settings)
    {
        var service = Service.Start(project, Service.FreePort(), null, [("SAMPLES_DATA", _folder), .. settings]);
        _services.Add(service);
        await service.WaitReadyAsync(Cancel);
        return service;
    }

    private static async Task<HttpStatusCode> StatusAsync(Service service, string path)
    {
        using var answer = await service.Http.GetAsync(path, Cancel);
        return answer.StatusCode;
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services)
            await service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
