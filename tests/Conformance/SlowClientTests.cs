using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>Clients that send byte by byte, or never read their answer: they lose their connection, and nobody else notices.</summary>
[EmbeddedOnly("daprd waits for such clients for ever")]
public sealed class SlowClientTests : IAsyncLifetime
{
    private const string Resources = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {name: state}
        spec: {type: state.in-memory, version: v1}
        """;

    // As short as the server lets it be; its clock ticks once a second.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(1100);

    private readonly Machine _machine = new();
    private readonly DaprRuntime _runtime = new(
        new RuntimeOptions { SlowClients = new SlowClients { HeadersTimeout = Patience, Grace = Patience, Standstill = 2 * Patience } });
    private readonly TaskCompletionSource _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Sidecar _sidecar = null!, _other = null!;
    private long _stalledAt;

    public async ValueTask InitializeAsync()
    {
        var file = Path.Combine(_machine.Folder, "all.yaml");
        await File.WriteAllTextAsync(file, Resources, Machine.Cancel);
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/endless", EndlessAsync);
            app.MapPost("/length", async (HttpContext http) =>
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body, http.RequestAborted);
                return body.Length;
            });
        });
        _sidecar = await _runtime.AddSidecarAsync(new SidecarOptions("app1") { AppPort = port, ResourcePaths = [file] }, Machine.Cancel);
        _other = await _runtime.AddSidecarAsync(new SidecarOptions("app2") { ResourcePaths = [file] }, Machine.Cancel);
        await _sidecar.WaitForAppAsync(Machine.Cancel);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("POST /v1.0/state/state HTTP/1.1\r\nhost: x\r\nx-drip: ")]
    [InlineData("POST /v1.0/state/state HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")]
    [InlineData("POST /v1.0/state/state HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1f0\r\n")]
    [InlineData("POST /v1.0/invoke/app1/method/length HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n")]
    public async Task A_client_that_drips_is_told_to_go(string beginning)
    {
        var cancel = TestContext.Current.CancellationToken;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var client = await ConnectAsync(beginning, cancel);
        var dripping = DripAsync(client, end.Token);
        var answer = ReadToEndAsync(client, cancel);
        await AssertGoesOnAsync(answer, cancel);
        Assert.StartsWith("HTTP/1.1 408 ", await answer);
        await end.CancelAsync();
        await dripping;
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_never_reads_stops_who_writes_and_loses_its_connection()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var client = await ConnectAsync("GET /v1.0/invoke/app1/method/endless HTTP/1.1\r\nhost: x\r\n\r\n", cancel);
        await AssertGoesOnAsync(_abandoned.Task, cancel);
        await _abandoned.Task;
        // What the buffers of four sockets hold, and no more.
        Assert.InRange(Volatile.Read(ref _stalledAt), 1, 64 << 20);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_body_that_is_still_being_made_may_take_its_time()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var client = await ConnectAsync(
            "POST /v1.0/invoke/app1/method/length HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n", cancel);
        for (var i = 0; i < 3; i++)
        {
            await client.GetStream().WriteAsync("1\r\nx\r\n"u8.ToArray(), cancel);
            await Task.Delay(Patience, cancel);
        }

        await client.GetStream().WriteAsync("0\r\n\r\n"u8.ToArray(), cancel);
        var answer = await ReadToEndAsync(client, cancel);
        Assert.StartsWith("HTTP/1.1 200 ", answer);
        Assert.Contains("3", answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]);
    }

    private async Task EndlessAsync(HttpContext http)
    {
        var chunk = new byte[64 << 10];
        var written = 0L;
        try
        {
            while (true)
            {
                var writing = http.Response.Body.WriteAsync(chunk, http.RequestAborted);
                written += chunk.Length;
                // A write that has to wait says how much came before it. (After the connection was lost, writes do nothing at all for a
                // moment.)
                if (!writing.IsCompleted)
                    Volatile.Write(ref _stalledAt, written);
                await writing;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            _abandoned.TrySetResult();
        }
    }

    // Until the slow client is gone, and at least once.
    private async Task AssertGoesOnAsync(Task gone, CancellationToken cancel)
    {
        using var http = new HttpClient();
        do
        {
            foreach (var sidecar in (Sidecar[])[_sidecar, _other])
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{sidecar.HttpPort}/v1.0/state/state/k"), cancel);
                Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
            }
        }
        while (await Task.WhenAny(gone, Task.Delay(100, cancel)) != gone);
    }

    private async Task<TcpClient> ConnectAsync(string beginning, CancellationToken cancel)
    {
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, _sidecar.HttpPort, cancel);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(beginning), cancel);
        return client;
    }

    private static async Task DripAsync(TcpClient client, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                await client.GetStream().WriteAsync("a"u8.ToArray(), cancel);
                await Task.Delay(50, cancel);
            }
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The sidecar has hung up, or the test has seen enough.
        }
    }

    private static async Task<string> ReadToEndAsync(TcpClient client, CancellationToken cancel)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            for (int length; (length = await client.GetStream().ReadAsync(buffer, cancel)) > 0;)
                text.Append(Encoding.Latin1.GetString(buffer, 0, length));
        }
        catch (IOException)
        {
            // What was dripped after the answer makes the system reset the connection.
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _runtime.DisposeAsync();
        await _machine.DisposeAsync();
    }
}
