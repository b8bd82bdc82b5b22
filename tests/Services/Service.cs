using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Samples.Runtime;
using Xunit;

namespace Samples.Services;

/// <summary>A service as it runs for a user: its own process, reached over HTTP, with its sidecar beside it.</summary>
internal sealed class Service : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<string> _log = [];
    private readonly Process _process;

    private Service(Process process, int port, Samples.Runtime.Sidecar? sidecar)
    {
        _process = process;
        Sidecar = sidecar!;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Patience };
        process.OutputDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _log.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public HttpClient Http { get; }

    public Samples.Runtime.Sidecar Sidecar { get; }

    public string Log => string.Join('\n', _log);

    public int Pid => _process.Id;

    public static Service Start(
        string project, int port, Samples.Runtime.Sidecar? sidecar, IEnumerable<(string Name, string Value)> environment)
    {
        var info =
            new ProcessStartInfo("dotnet", [Checkout.Assembly(project)]) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["APP_PORT"] = $"{port}";
        if (sidecar is not null)
        {
            info.Environment["DAPR_HTTP_ENDPOINT"] = $"http://127.0.0.1:{sidecar.HttpPort}";
            info.Environment["DAPR_GRPC_ENDPOINT"] = $"http://127.0.0.1:{sidecar.GrpcPort}";
        }

        foreach (var (name, value) in environment)
            info.Environment[name] = value;
        return new Service(Process.Start(info)!, port, sidecar);
    }

    public async Task WaitReadyAsync(CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        while (true)
        {
            Assert.False(_process.HasExited, $"The service ended at once:\n{Log}");
            try
            {
                if ((await Http.GetAsync("/readyz", limit.Token)).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>SIGTERM, or SIGKILL, SIGSTOP, SIGCONT by name.</summary>
    public void Signal(string name) => Process.Start("kill", ["-" + name, $"{Pid}"]).WaitForExit();

    /// <summary>The exit code, once it has ended.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan limit, CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel).WaitAsync(limit, cancel);
        return _process.ExitCode;
    }

    /// <summary>The status and the JSON of an answer.</summary>
    public Task<(int Status, JsonElement Body)> AskAsync(HttpMethod method, string path, object? body = null) =>
        AskAsync(method, path, body is null ? null : JsonContent.Create(body));

    public Task<(int Status, JsonElement Body)> AskAsync(HttpMethod method, string path, HttpContent? content) =>
        AskAsync(Http, method, path, content);

    public static async Task<(int Status, JsonElement Body)> AskAsync(HttpClient http, HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var response = await http.SendAsync(request, Machine.Cancel);
        var text = await response.Content.ReadAsStringAsync(Machine.Cancel);
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement.Clone());
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Http.Dispose();
    }
}
