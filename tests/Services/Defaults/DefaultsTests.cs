using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Samples.Services.Defaults;

/// <summary>What every service shares, seen from outside of a real process.</summary>
public sealed class DefaultsTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Fact]
    public async Task It_is_alive_and_ready_and_describes_itself()
    {
        var service = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await service.Http.GetAsync("/healthz", Machine.Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await service.Http.GetAsync("/readyz", Machine.Cancel)).StatusCode);
        var (status, document) = await service.AskAsync(HttpMethod.Get, "/openapi/v1.json");
        Assert.Equal(200, status);
        Assert.Equal(["/items", "/items/{id}"], document.GetProperty("paths").EnumerateObject().Select(p => p.Name));
        var page = await service.Http.GetStringAsync("/scalar/", Machine.Cancel);
        Assert.Contains("scalar", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task It_listens_on_loopback_only()
    {
        var service = await StartAsync();
        var outside = (await Dns.GetHostAddressesAsync(Dns.GetHostName(), AddressFamily.InterNetwork, Machine.Cancel))
            .FirstOrDefault(a => !IPAddress.IsLoopback(a));
        Assert.SkipWhen(outside is null, "This machine has no other address than loopback.");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(
            () => socket.ConnectAsync(outside, service.Http.BaseAddress!.Port, Machine.Cancel).AsTask());
    }

    [Fact]
    public async Task Whatever_is_not_there_is_a_problem_with_details()
    {
        var service = await StartAsync();
        using var answer = await service.Http.GetAsync("/no/such/path", Machine.Cancel);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task SIGTERM_makes_it_unready_first_lets_it_finish_and_ends_with_0()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGTERM.");
        var service = await StartAsync(("DRAIN_NOTICE_MS", "2000"));
        // A download that is under way: its reader is slow.
        var size = 64 << 20;
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "pictures"));
        await File.WriteAllBytesAsync(Path.Combine(_machine.Folder, "pictures", "large"), new byte[size], Machine.Cancel);
        using var download = await service.Http.GetAsync("/items/large", HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
        await using var content = await download.Content.ReadAsStreamAsync(Machine.Cancel);
        service.Signal("TERM");

        // Still listening, alive, and not ready.
        using var notice = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        HttpResponseMessage answer;
        while ((answer = await service.Http.GetAsync("/readyz", notice.Token)).StatusCode != HttpStatusCode.ServiceUnavailable)
            answer.Dispose();
        Assert.Contains("shutting down", await answer.Content.ReadAsStringAsync(Machine.Cancel), StringComparison.Ordinal);
        answer.Dispose();

        // Then the doors close, and what was begun is finished.
        while (await ConnectsAsync(service))
            await Task.Delay(20, notice.Token);
        var (read, buffer) = (0L, new byte[1 << 20]);
        while (await content.ReadAsync(buffer, Machine.Cancel) is > 0 and var count)
            read += count;
        Assert.Equal(size, read);
        Assert.Equal(0, await service.WaitForExitAsync(TimeSpan.FromSeconds(10), Machine.Cancel));
    }

    [Fact]
    public async Task It_ends_within_10_seconds_also_when_a_client_never_reads_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGTERM.");
        var service = await StartAsync();
        Directory.CreateDirectory(Path.Combine(_machine.Folder, "pictures"));
        await File.WriteAllBytesAsync(Path.Combine(_machine.Folder, "pictures", "large"), new byte[64 << 20], Machine.Cancel);
        using var download = await service.Http.GetAsync("/items/large", HttpCompletionOption.ResponseHeadersRead, Machine.Cancel);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        service.Signal("TERM");
        Assert.Equal(0, await service.WaitForExitAsync(TimeSpan.FromSeconds(20), Machine.Cancel));
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 10.5);
    }

    [Fact]
    public async Task Traces_and_metrics_and_logs_go_where_the_variable_says()
    {
        var arrived = new System.Collections.Concurrent.ConcurrentDictionary<string, string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var collector = builder.Build();
        collector.MapPost("/v1/{signal}", async (string signal, Stream body) =>
        {
            using var copy = new MemoryStream();
            await body.CopyToAsync(copy);
            arrived.AddOrUpdate(
                signal, _ => Encoding.UTF8.GetString(copy.ToArray()), (_, before) => before + Encoding.UTF8.GetString(copy.ToArray()));
        });
        await collector.StartAsync(Machine.Cancel);
        var service = await StartAsync(
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Urls.First()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_METRIC_EXPORT_INTERVAL", "200"));
        await service.Http.GetAsync("/items", Machine.Cancel);
        // The first metrics leave before the request was counted; what the test waits for comes with a later export, or its time limit ends
        // it.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Machine.Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (!(Arrived("traces", "/items") && Arrived("metrics", "http.server.request.duration")))
            await Task.Delay(20, limit.Token);
        Assert.Contains("source-files", arrived["traces"], StringComparison.Ordinal);

        bool Arrived(string signal, string what) => arrived.GetValueOrDefault(signal)?.Contains(what, StringComparison.Ordinal) == true;
    }

    [Theory, InlineData("SOURCE_SETTLED_MS", "-1"), InlineData("DRAIN_NOTICE_MS", "soon")]
    public async Task A_wrong_setting_ends_it_at_once_with_its_name(string name, string value)
    {
        await using var service = Service.Start("Samples.SourceFiles", Service.FreePort(), null, [(name, value)]);
        Assert.NotEqual(0, await service.WaitForExitAsync(TimeSpan.FromSeconds(20), Machine.Cancel));
        Assert.Contains($"{name} is '{value}'", service.Log, StringComparison.Ordinal);
    }

    private Task<Service> StartAsync(params (string, string)[] settings) =>
        _machine.StartAsync("Samples.SourceFiles", "source-files", [("SOURCE_SETTLED_MS", "0"), .. settings]);

    private static async Task<bool> ConnectsAsync(Service service)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, service.Http.BaseAddress!.Port, Machine.Cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
