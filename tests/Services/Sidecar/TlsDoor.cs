using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Samples.Services.SidecarPattern;

/// <summary>A request as the application behind the sidecar got it.</summary>
internal sealed record SeenRequest(string Method, string Target, Dictionary<string, string[]> Headers, string Body);

/// <summary>tls-sidecar as a process, before an application that answers with what it was sent.</summary>
internal sealed class TlsDoor : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private (string Target, TaskCompletionSource Begun, TaskCompletionSource<bool> IsAborted)? _abort;

    private TlsDoor(WebApplication app, Service sidecar, string folder) => (App, Sidecar, _folder) = (app, sidecar, folder);

    public WebApplication App { get; }

    public Service Sidecar { get; }

    public int Port { get; private set; }

    /// <summary>What reached the application.</summary>
    public ConcurrentQueue<SeenRequest> Seen { get; } = [];

    public static async Task<TlsDoor> OpenAsync(params (string Name, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        TlsDoor? door = null;
        app.Run(http => door!.AnswerAsync(http));
        await app.StartAsync(Machine.Cancel);
        var folder = Directory.CreateTempSubdirectory("samples-tls-").FullName;
        var sidecar = Service.Start("Samples.TlsSidecar", Service.FreePort(), sidecar: null,
            [("SITE", app.Urls.Single()), ("SAMPLES_DATA", folder), ("HTTPS_PORT", "0"), .. settings]);
        door = new TlsDoor(app, sidecar, folder);
        await sidecar.WaitReadyAsync(Machine.Cancel);
        door.Port = (await sidecar.AskAsync(HttpMethod.Get, "/tls")).Body.GetProperty("httpsPort").GetInt32();
        return door;
    }

    private async Task AnswerAsync(HttpContext http)
    {
        if (_abort is { } awaited && http.Request.Path == awaited.Target)
        {
            awaited.Begun.SetResult();
            var rest = http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            await rest.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            awaited.IsAborted.SetResult(!rest.IsCompletedSuccessfully);
        }

        using var reader = new StreamReader(http.Request.Body);
        var headers = http.Request.Headers.ToDictionary(
            h => h.Key, h => h.Value.Select(v => v ?? "").ToArray(), StringComparer.OrdinalIgnoreCase);
        var target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        var seen = new SeenRequest(http.Request.Method, target, headers, await reader.ReadToEndAsync(http.RequestAborted));
        Seen.Enqueue(seen);
        await http.Response.WriteAsync(JsonSerializer.Serialize(seen));
    }

    /// <summary>Of a request for this path: when the application has its headers, and whether the rest did not come.</summary>
    public (Task Begun, Task<bool> IsAborted) ExpectAbort(string target)
    {
        var (begun, aborted) = (new TaskCompletionSource(), new TaskCompletionSource<bool>());
        _abort = (target, begun, aborted);
        return (begun.Task, aborted.Task);
    }

    /// <summary>A client that takes the development certificate.</summary>
    public static HttpClient Client() => new(new SocketsHttpHandler
    {
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
    });

    /// <summary>A connection without TLS yet.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port, Machine.Cancel);
        return client;
    }

    /// <summary>A connection with TLS; the stream owns it.</summary>
    public async Task<SslStream> HandshakeAsync(SslApplicationProtocol? protocol = null) =>
        await HandshakeAsync(await ConnectAsync(), protocol);

    /// <summary>The same over a connection that is there.</summary>
    public static async Task<SslStream> HandshakeAsync(TcpClient client, SslApplicationProtocol? protocol = null)
    {
        var stream = new SslStream(new NetworkStream(client.Client, ownsSocket: true));
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = protocol is { } one ? [one] : null,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        }, Machine.Cancel);
        return stream;
    }

    /// <summary>Somebody else asks, again and again, and counts what was wrong, until the result is disposed.</summary>
    public Bystander Watch() => new(this);

    /// <summary>What is said until the other side ends it, or falls silent for a second after it has answered.</summary>
    public static async Task<string> ReadAsync(Stream stream)
    {
        var (said, buffer) = (new StringBuilder(), new byte[64 * 1024]);
        try
        {
            while (true)
            {
                var limit = said.Length == 0 ? Patience : TimeSpan.FromSeconds(1);
                var read = await stream.ReadAsync(buffer, Machine.Cancel).AsTask().WaitAsync(limit, Machine.Cancel);
                if (read == 0)
                    break;
                said.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            // It was cut off, or has nothing more to say.
        }

        return said.ToString();
    }

    /// <summary>True where the other side ends the connection within a minute, however it does.</summary>
    public static async Task<bool> IsEndedAsync(Stream stream)
    {
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, Machine.Cancel).AsTask().WaitAsync(Patience, Machine.Cancel) > 0)
            {
                // A farewell is one, too.
            }

            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Sidecar.DisposeAsync();
        await App.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A client that has nothing to do with what goes on, and must not notice it.</summary>
internal sealed class Bystander : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Task _asking;
    private int _asked;

    public Bystander(TlsDoor door) => _asking = Task.Run(() => AskAsync(door));

    /// <summary>What it was told that was not the answer to its question.</summary>
    public ConcurrentQueue<string> Noticed { get; } = [];

    public int Asked => Volatile.Read(ref _asked);

    private async Task AskAsync(TlsDoor door)
    {
        using var kept = TlsDoor.Client();
        while (!_end.IsCancellationRequested)
        {
            using var fresh = _asked % 5 == 0 ? TlsDoor.Client() : null;
            var path = $"/bystander/{Interlocked.Increment(ref _asked)}";
            try
            {
                using var answer = await (fresh ?? kept).GetAsync($"https://localhost:{door.Port}{path}", CancellationToken.None);
                var seen = JsonSerializer.Deserialize<SeenRequest>(await answer.Content.ReadAsStringAsync(CancellationToken.None));
                if (answer.StatusCode != HttpStatusCode.OK || seen!.Target != path)
                    Noticed.Enqueue($"{path}: {(int)answer.StatusCode} {seen?.Target}");
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException or JsonException)
            {
                Noticed.Enqueue($"{path}: {error.Message}");
            }
        }
    }

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _asking;
        _end.Dispose();
    }
}
