using System.Net;
using System.Net.Sockets;
using Garnet;

namespace Samples.RedisShard;

/// <summary>Garnet on loopback, in memory: what it holds is gone with it, as with a cache.</summary>
public sealed class GarnetShard : IDisposable
{
    private readonly GarnetServer _server;

    private GarnetShard(GarnetServer server, int port) => (_server, Port) = (server, port);

    /// <summary>Where it speaks the Redis protocol.</summary>
    public int Port { get; }

    /// <summary>Starts a server; port 0 takes a free one. With a password, clients have to give it first.</summary>
    public static GarnetShard Start(int port, string? password = null)
    {
        if (port == 0)
            port = FreePort();
        // Small pages: a sample's shard holds thousands of keys, not gigabytes. Lua is what Dapr's state store sends.
        var server = new GarnetServer([
            "--bind", "127.0.0.1", "--port", $"{port}", "--memory", "128m", "--page", "1m", "--index", "8m", "--lua", "true",
            "--minthreads", "1", "--logger-level", "Warning",
            .. password is null ? (string[])[] : ["--auth", "Password", "--password", password],
        ]);
        server.Start();
        return new GarnetShard(server, port);
    }

    // Garnet does not say which port it took.
    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <inheritdoc/>
    public void Dispose() => _server.Dispose();
}
