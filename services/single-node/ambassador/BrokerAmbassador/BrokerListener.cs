using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Samples.BrokerAmbassador;

/// <summary>The one address that the application knows: every connection to it is passed on to the backend of the moment.</summary>
public sealed class BrokerListener : BackgroundService
{
    private const int MostConnections = 1000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly BackendDirectory _directory;
    private readonly BackendLogin _login;
    private readonly ILogger<BrokerListener> _log;
    private readonly ConcurrentDictionary<Task, string> _open = new();

    /// <summary>Listens on loopback; port 0 takes a free one.</summary>
    public BrokerListener(int port, BackendDirectory directory, BackendLogin login, ILogger<BrokerListener> log)
    {
        _directory = directory;
        _login = login;
        _log = log;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _socket.Listen(128);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    /// <summary>Where applications connect.</summary>
    public int Port { get; }

    /// <summary>Open connections by backend.</summary>
    public IReadOnlyDictionary<string, int> Open => _open.Values.CountBy(b => b).ToDictionary();

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Open connections may finish after the door is shut, for a while.
        using var cut = new CancellationTokenSource();
        try
        {
            while (true)
            {
                var application = await _socket.AcceptAsync(stoppingToken);
                if (_directory.Current is { } backend && _open.Count < MostConnections)
                    Begin(application, backend, cut.Token);
                else
                    Refuse(application);
            }
        }
        catch (OperationCanceledException)
        {
            _socket.Close();
            cut.CancelAfter(Grace);
            await Task.WhenAll(_open.Keys);
        }
    }

    private void Refuse(Socket application)
    {
        _log.LogWarning(
            "a connection was closed: {Reason}",
            _directory.Current is null ? "the environment has named no backend (configuration key broker.backend)" : "too many are open");
        application.Dispose();
    }

    private void Begin(Socket application, Backend backend, CancellationToken cancel)
    {
        var serving = Task.Run(() => ServeAsync(application, backend, cancel), CancellationToken.None);
        _open[serving] = backend.Name;
        serving.ContinueWith(
            done => _open.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private async Task ServeAsync(Socket application, Backend backend, CancellationToken cancel)
    {
        using (application)
        {
            try
            {
                application.NoDelay = true;
                using var connection = await _login.ConnectAsync(backend, cancel);
                await Relay.RunAsync(application, connection, cancel);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or Dapr.DaprException)
            {
                _log.LogWarning("a connection was closed: {Problem}", error.Message);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _socket.Dispose();
    }
}
