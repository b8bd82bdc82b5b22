using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Samples.Services.SidecarPattern;

/// <summary>log-sidecar as a process, beside a collector that takes OTLP over HTTP.</summary>
public sealed class LineExportTests : IAsyncLifetime
{
    private const string Line = "203.0.113.9 - ada [10/Oct/2000:13:55:36 -0700] \"GET /exported?x=1 HTTP/1.1\" 503 2326";

    private readonly Machine _machine = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Lines_are_handed_on_as_OTLP_log_records_where_an_endpoint_is_set()
    {
        var records = new ConcurrentQueue<OtlpRecord>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, Machine.Cancel);
            if (signal == "logs")
                OtlpRecord.ReadAll(body.ToArray()).ForEach(records.Enqueue);
        });
        await collector.StartAsync(Machine.Cancel);
        var log = Path.Combine(_machine.Folder, "access.log");
        await File.WriteAllTextAsync(log, $"{Line}\nof another kind\n", Machine.Cancel);
        var service = await _machine.StartAsync("Samples.LogSidecar", "log-sidecar",
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "100"), ("LOOK_MS", "20"));
        await _machine.WaitAsync(
            "both lines at the collector", () => Task.FromResult(records.Count(r => r.Scope == LogSidecar.LineExport.Category) == 2));

        var parsed = records.Single(r => r.Attributes.GetValueOrDefault("log.record.original") == Line);
        Assert.Equal((Line, "Error"), (parsed.Body, parsed.Severity));
        Assert.EndsWith(":0", parsed.Attributes["log.record.uid"], StringComparison.Ordinal);
        Assert.Equal(
            ("GET", "/exported", "503", "2326", "203.0.113.9"),
            (parsed.Attributes["http.request.method"], parsed.Attributes["url.path"], parsed.Attributes["http.response.status_code"],
                parsed.Attributes["http.response.body.size"], parsed.Attributes["client.address"]));
        var other = records.Single(r => r.Body == "of another kind");
        Assert.Equal("Information", other.Severity);
        Assert.False(other.Attributes.ContainsKey("url.path"));
        // The sidecar's own console is for what it has to say itself.
        Assert.DoesNotContain("/exported", service.Log, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
