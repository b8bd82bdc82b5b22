using System.Net;
using Samples.ShardAmbassador.Ring;

namespace Samples.ShardAmbassador.Shards;

/// <summary>Finds a server's address; it may be another one after a restart.</summary>
internal delegate ValueTask<EndPoint> FindAddress(CancellationToken cancel);

/// <summary>One Redis server: its place on the ring, its health, its connections.</summary>
internal sealed class Shard : IAsyncDisposable
{
    private readonly ShardConnection[] _connections;

    public Shard(ShardServer server, FindAddress address, ShardSettings settings, TimeProvider time, Action<Shard> ejected, FlushTurn turn)
    {
        Server = server;
        Address = address;
        Settings = settings;
        Ejection = new Ejection(settings.FailureLimit, settings.RetryAfter, time);
        Ejected = ejected;
        _connections = [new ShardConnection(this, 2, time, turn), new ShardConnection(this, 3, time, turn)];
    }

    public ShardServer Server { get; }

    public FindAddress Address { get; }

    public ShardSettings Settings { get; }

    public Ejection Ejection { get; }

    private Action<Shard> Ejected { get; }

    /// <summary>Requests that this server answered.</summary>
    public long Answered => _connections.Sum(c => c.Answered);

    /// <summary>Requests that failed because of it.</summary>
    public long Failed => _connections.Sum(c => c.Failed);

    /// <summary>
    /// The one connection that all clients of a protocol version share. Replies of RESP2 and RESP3 differ, so each version has its own.
    /// </summary>
    public ShardConnection Connection(int protocol) => _connections[protocol - 2];

    /// <summary>Counts a failure of a connection.</summary>
    public void ReportFailure()
    {
        if (Settings.AutoEject && Ejection.Fail())
            Ejected(this);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            await connection.DisposeAsync();
    }
}

/// <summary>How servers are treated.</summary>
/// <param name="Timeout">Longest silence while replies are owed, and longest wait for a connection.</param>
/// <param name="AutoEject">Take a failing server out.</param>
/// <param name="FailureLimit">Failures in a row that take it out.</param>
/// <param name="RetryAfter">How long it stays out before it is probed.</param>
/// <param name="Limits">Largest reply, and most that may wait to be sent to one server.</param>
internal sealed record ShardSettings(TimeSpan Timeout, bool AutoEject, int FailureLimit, TimeSpan RetryAfter, Resp.RespLimits Limits);
