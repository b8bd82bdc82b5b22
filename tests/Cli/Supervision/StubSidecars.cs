using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Samples.Cli.Sidecars;
using Samples.Runtime.Resources;

namespace Samples.Cli.Tests.Supervision;

/// <summary>Sidecars that only hold a port, take their time, and sometimes don't come back.</summary>
internal sealed class StubSidecars(int seed) : ISidecars
{
    private readonly Random _random = new(seed);

    /// <summary>Every port that was given to one.</summary>
    public ConcurrentBag<int> Ports { get; } = [];

    public async Task<ISidecar> AddAsync(SidecarPlace place, CancellationToken cancel)
    {
        await PauseAsync(cancel);
        Ports.Add(place.HttpPort);
        if (place.AppPort is { } port)
            Ports.Add(port);
        return new Stub(this, place);
    }

    public Task ConfigureAsync(string data, string key, string value, CancellationToken cancel) => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private int Next(int below)
    {
        lock (_random)
            return _random.Next(below);
    }

    private Task PauseAsync(CancellationToken cancel) => Task.Delay(Next(20), cancel);

    private sealed class Stub : ISidecar
    {
        private readonly StubSidecars _all;
        private readonly SidecarPlace _place;
        private TcpListener? _listener;

        public Stub(StubSidecars all, SidecarPlace place)
        {
            _all = all;
            _place = place;
            Listen();
        }

        public int HttpPort => _place.HttpPort;

        public int GrpcPort => _place.GrpcPort;

        public bool AppReady => true;

        public Task WaitForApiAsync(CancellationToken cancel) => Task.CompletedTask;

        public Task WaitForAppAsync(CancellationToken cancel) => Task.CompletedTask;

        public async Task RestartAsync(CancellationToken cancel)
        {
            _listener?.Dispose();
            _listener = null;
            await _all.PauseAsync(cancel);
            if (_all.Next(20) == 0)
                throw new ResourceException(Origin.Code, "this sidecar did not come back.", "Try again.");
            // Where two were at it at once, this would never succeed. It may take a moment: a process between its fork and its exec has the
            // port, too.
            for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(10, cancel))
            {
                try
                {
                    Listen();
                    return;
                }
                catch (SocketException) when (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2))
                {
                }
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _all.PauseAsync(CancellationToken.None);
            _listener?.Dispose();
        }

        private void Listen()
        {
            _listener = new TcpListener(IPAddress.Loopback, HttpPort);
            _listener.Start();
        }
    }
}
