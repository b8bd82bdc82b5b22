using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Samples.Cli.DropIn;
using Samples.Cli.RunTemplate;
using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>
/// A stand-in for the Dapr CLI: it starts what <c>dapr run -f</c> starts for an entry of a template, a program that is called
/// <c>daprd</c> with the CLI's flags and the application with its variables, waits as the CLI waits, and tells the sidecar what
/// <c>dapr list</c> reads. It is no test of the CLI itself.
/// </summary>
internal sealed class DaprCliStandIn(Checkout checkout) : IAsyncDisposable
{
    private static readonly HttpClient Http = new();
    private readonly List<Process> _processes = [];
    private readonly StringBuilder _said = new();

    /// <summary>The link that is called daprd.</summary>
    public async Task<string> LinkAsync()
    {
        var folder = Path.Combine(checkout.Root, "drop-in");
        var link = Path.Combine(folder, "daprd");
        if (!File.Exists(link))
            Assert.Equal(0, (await checkout.RunAsync("sidecar", "--link", folder)).Code);
        return link;
    }

    /// <summary>As the CLI does for each entry: the flags in its order, the application's environment, then who it is.</summary>
    public async Task<StandInRun> RunAsync(RunEntry entry, string resources)
    {
        var (http, grpc, metrics, profile, own) = (FixedPort(), FixedPort(), FixedPort(), FixedPort(), FixedPort());
        var app = entry.AppPort!.Value;
        string[] configuration = entry.ConfigurationFile is { } file ? ["--config", file] : [];
        string[] flags =
        [
            "--app-id", entry.AppId, "--app-port", $"{app}", "--dapr-http-port", $"{http}", "--dapr-grpc-port", $"{grpc}", "--profile-port",
            $"{profile}", "--metrics-port", $"{metrics}", "--dapr-internal-grpc-port", $"{own}", "--app-protocol", entry.AppProtocol,
            .. configuration, "--log-level", "info", "--app-max-concurrency", "-1", "--placement-host-address", "localhost:50005",
            "--resources-path", resources, "--max-body-size", "4Mi", "--read-buffer-size", "4Ki", "--scheduler-host-address",
            "localhost:50006",
        ];
        var sidecar = Start(new ProcessStartInfo(await LinkAsync(), flags) { WorkingDirectory = entry.Directory });
        var info = new ProcessStartInfo(entry.Command[0], entry.Command.Skip(1)) { WorkingDirectory = entry.Directory };
        foreach (var (name, value) in entry.Environment.Select(v => (v.Key, v.Value)).Concat(
        [
            ("APP_ID", entry.AppId), ("APP_PORT", $"{app}"), ("DAPR_HTTP_PORT", $"{http}"), ("DAPR_GRPC_PORT", $"{grpc}"),
            ("DAPR_METRICS_PORT", $"{metrics}"), ("APP_PROTOCOL", entry.AppProtocol),
        ]))
        {
            info.Environment[name] = value;
        }

        var application = Start(info);
        await AnswersAsync($"http://127.0.0.1:{http}/v1.0/healthz/outbound", sidecar);
        await AnswersAsync($"http://127.0.0.1:{http}/v1.0/healthz", sidecar, application);
        using var pid = new StringContent($"{application.Id}", Encoding.UTF8, "text/plain");
        using var put = await Http.PutAsync($"http://127.0.0.1:{http}/v1.0/metadata/appPID", pid, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, put.StatusCode);
        return new StandInRun(entry.AppId, application, sidecar, app, http, metrics);
    }

    /// <summary>A process that ends with the test.</summary>
    public Process Start(ProcessStartInfo info)
    {
        if (info.WorkingDirectory.Length == 0)
            info.WorkingDirectory = checkout.Root;
        info.Environment[DropInOptions.FileVariable] = Path.Combine(checkout.Root, "names", "sidecars.db");
        (info.RedirectStandardOutput, info.RedirectStandardError) = (true, true);
        var process = Process.Start(info)!;
        process.OutputDataReceived += (_, line) => Say(line.Data);
        process.ErrorDataReceived += (_, line) => Say(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
        return process;
    }

    /// <summary>Waits until somebody listens at a port of this machine.</summary>
    public static Task ListensAsync(int port) => UntilAsync(async cancel =>
    {
        try
        {
            using var probe = new TcpClient();
            await probe.ConnectAsync(IPAddress.Loopback, port, cancel);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    });

    private void Say(string? line)
    {
        lock (_said)
            _said.AppendLine(line);
    }

    private string Said()
    {
        lock (_said)
            return _said.ToString();
    }

    private Task AnswersAsync(string address, params Process[] needed) => UntilAsync(async cancel =>
    {
        Assert.All(needed, process => Assert.False(process.HasExited, $"{process.StartInfo.FileName} has ended:\n{Said()}"));
        try
        {
            using var answer = await Http.GetAsync(address, cancel);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });

    private static async Task UntilAsync(Func<CancellationToken, Task<bool>> isSo)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isSo(patience.Token))
            await timer.WaitForNextTickAsync(patience.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }
    }
}

/// <summary>An application and its sidecar, with their ports.</summary>
internal sealed record StandInRun(string AppId, Process App, Process Sidecar, int AppPort, int Http, int Metrics);
