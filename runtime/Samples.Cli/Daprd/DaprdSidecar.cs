using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Samples.Cli.Sidecars;

namespace Samples.Cli.Daprd;

/// <summary>One daprd, started again when it ends by itself, as a container of it would be.</summary>
internal sealed class DaprdSidecar(SidecarPlace place, Func<Task<DaprProcess>> start) : ISidecar
{
    private static readonly TimeSpan BackOff = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _closing = new();
    private readonly SemaphoreSlim _change = new(1);
    private DaprProcess? _process;
    private Task _watch = Task.CompletedTask;

    public int HttpPort => place.HttpPort;

    public int GrpcPort => place.GrpcPort;

    public bool AppReady
    {
        get
        {
            if (place.AppPort is not { } port)
                return false;
            try
            {
                using var probe = new TcpClient();
                probe.Connect(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    /// <summary>Starts the process; see <see cref="WaitForApiAsync"/>.</summary>
    public async Task StartAsync()
    {
        _process = await start();
        _watch = WatchAsync();
    }

    public Task WaitForApiAsync(CancellationToken cancel) =>
        Current.AnswersAsync($"http://127.0.0.1:{HttpPort}/v1.0/healthz/outbound", cancel);

    public Task WaitForAppAsync(CancellationToken cancel) => Current.AnswersAsync($"http://127.0.0.1:{HttpPort}/v1.0/healthz", cancel);

    public async Task RestartAsync(CancellationToken cancel)
    {
        await _change.WaitAsync(cancel);
        try
        {
            await Current.DisposeAsync();
            _process = await start();
        }
        finally
        {
            _change.Release();
        }

        await WaitForApiAsync(cancel);
    }

    private DaprProcess Current => Volatile.Read(ref _process)!;

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                var watched = Current;
                await watched.Ended.WaitAsync(_closing.Token);
                await Task.Delay(BackOff, _closing.Token);
                await _change.WaitAsync(_closing.Token);
                try
                {
                    // Somebody else may have replaced it meanwhile.
                    if (Current == watched)
                        _process = await start();
                }
                catch (Exception error) when (error is Win32Exception or IOException)
                {
                    // Its program is away for a moment: being updated, perhaps. It is tried again.
                }
                finally
                {
                    _change.Release();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The replica goes, and its sidecar with it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watch;
        await Current.DisposeAsync();
        _closing.Dispose();
        _change.Dispose();
    }
}
