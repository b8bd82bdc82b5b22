using System.Net;
using System.Net.Sockets;
using Samples.ShardAmbassador.Resp;
using Samples.ShardAmbassador.Shards;

namespace Samples.ShardAmbassador.Clients;

/// <summary>The door that applications come in by: loopback, the Redis protocol.</summary>
internal sealed class RespListener : BackgroundService
{
    private static readonly TimeSpan CheckPeriod = TimeSpan.FromMilliseconds(50);

    private readonly Socket _socket;
    private readonly ShardPool _pool;
    private readonly CommandRouter _router;
    private readonly RespLimits _limits;
    private readonly int _mostClients;
    private readonly TimeProvider _time;
    private readonly HashSet<Task> _clients = [];
    private long _lastId;

    public RespListener(int port, int mostClients, RespLimits limits, ShardPool pool, CommandRouter router, TimeProvider time)
    {
        _mostClients = mostClients;
        _limits = limits;
        _pool = pool;
        _router = router;
        _time = time;
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _socket.Listen(512);
        Port = ((IPEndPoint)_socket.LocalEndPoint!).Port;
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Clients that are connected.</summary>
    public int Connected
    {
        get
        {
            lock (_clients)
                return _clients.Count;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(AcceptAsync(stoppingToken), CheckAsync(stoppingToken));
        Task[] left;
        lock (_clients)
            left = [.. _clients];
        await Task.WhenAll(left);
    }

    private async Task AcceptAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(stopping);
                if (Connected < _mostClients)
                    Begin(new ClientConnection(socket, _router, _limits) { Id = ++_lastId }, stopping);
                else
                    await TurnAwayAsync(socket);
            }
            catch (SocketException)
            {
                // That client was gone before it was let in.
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Begin(ClientConnection client, CancellationToken stopping)
    {
        var serving = Task.Run(() => client.RunAsync(stopping), CancellationToken.None);
        lock (_clients)
            _clients.Add(serving);
        serving.ContinueWith(done =>
        {
            lock (_clients)
                _clients.Remove(done);
        }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static async Task TurnAwayAsync(Socket socket)
    {
        using (socket)
            await socket.SendAsync(RespWriter.Error("ERR max number of clients reached"), SocketFlags.None);
    }

    private async Task CheckAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(CheckPeriod, _time);
        var probing = Task.CompletedTask;
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                _pool.CheckSilence();
                if (probing.IsCompleted)
                    probing = _pool.ProbeAsync(stopping);
            }
        }
        catch (OperationCanceledException)
        {
            await probing;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _socket.Dispose();
    }
}
