using System.Net.Sockets;
using Samples.ShardAmbassador.Ring;

namespace Samples.ShardAmbassador.Shards;

/// <summary>
/// All servers and the distribution over those that are in use. The distribution is replaced as a whole whenever one goes or comes back.
/// </summary>
internal sealed class ShardPool : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Shard[] _shards;
    private readonly ShardServer[] _servers;
    private readonly byte[] _hashTag;
    private readonly Random _random;
    private readonly ILogger<ShardPool> _log;
    private string _distributionName;
    private volatile IDistribution? _distribution;

    public ShardPool(
        IReadOnlyList<(ShardServer Server, FindAddress Address)> servers, string distribution, byte[] hashTag, ShardSettings settings,
        TimeProvider time, Random random, ILogger<ShardPool> log)
    {
        _distributionName = distribution;
        _hashTag = hashTag;
        _random = random;
        _log = log;
        _servers = [.. servers.Select(s => s.Server)];
        _shards = [.. servers.Select(s => new Shard(s.Server, s.Address, settings, time, Leave, Turn))];
        Rebuild();
    }

    /// <summary>Where connections with something to send gather.</summary>
    public FlushTurn Turn { get; } = new();

    public IReadOnlyList<Shard> Shards => _shards;

    /// <summary>
    /// One of <see cref="Distributions.Names"/>; changing it sends keys elsewhere at once, without moving what was stored.
    /// </summary>
    public string Distribution
    {
        get => _distributionName;
        set
        {
            if (value == _distributionName)
                return;
            _log.LogInformation("the distribution is {Distribution} now", value);
            _distributionName = value;
            Rebuild();
        }
    }

    /// <summary>The server of a key; null when none is in use.</summary>
    public Shard? Find(ReadOnlySpan<byte> key) =>
        _distribution is { } distribution ? _shards[distribution.ServerFor(HashTag.Of(key, _hashTag))] : null;

    /// <summary>Breaks connections to servers that owe replies and say nothing; call it several times a second.</summary>
    public void CheckSilence()
    {
        foreach (var shard in _shards)
        {
            shard.Connection(2).CheckSilence();
            shard.Connection(3).CheckSilence();
        }
    }

    /// <summary>Asks ejected servers whose time has come, and takes back those that answer.</summary>
    public Task ProbeAsync(CancellationToken cancel) =>
        Task.WhenAll(_shards.Where(s => s.Ejection.TryBeginProbe()).Select(async shard =>
        {
            if (shard.Ejection.EndProbe(await AnswersAsync(shard, cancel)))
            {
                _log.LogInformation("{Shard} answers again and is back", shard.Server.Name);
                Rebuild();
            }
        }));

    private static async Task<bool> AnswersAsync(Shard shard, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(shard.Settings.Timeout);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(await shard.Address(limit.Token), limit.Token);
            await socket.SendAsync("*1\r\n$4\r\nPING\r\n"u8.ToArray(), SocketFlags.None, limit.Token);
            var answer = new byte[5];
            // An error is no answer: a server that still loads its data says so.
            return await socket.ReceiveAsync(answer, SocketFlags.None, limit.Token) > 0 && answer[0] == '+';
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException or HttpRequestException)
        {
            return false;
        }
    }

    private void Leave(Shard shard)
    {
        _log.LogWarning("{Shard} failed {Count} times in a row and is out for at least {Seconds:0.#} s",
            shard.Server.Name, shard.Settings.FailureLimit, shard.Settings.RetryAfter.TotalSeconds);
        Rebuild();
    }

    private void Rebuild()
    {
        lock (_gate)
        {
            _distribution = _shards.Any(s => !s.Ejection.IsEjected)
                ? Distributions.Create(_distributionName, _servers, i => !_shards[i].Ejection.IsEjected, _random)
                : null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards)
            await shard.DisposeAsync();
        await Turn.DisposeAsync();
    }
}
