using StackExchange.Redis;

namespace Samples.Experiments.Ambassador;

/// <summary>Keys through the shard ambassador: where they lie, who loses what when a shard dies, and what happens after.</summary>
internal sealed class ShardPhase(ExperimentContext context, Invocation invoke)
{
    private const string Victim = "redis-shard-2", VictimShard = "shard-2";
    private const double MostUneven = 0.15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private sealed record ShardState(string Name, bool Ejected);

    private sealed record AmbassadorState(int RespPort, string Distribution, ShardState[] Shards);

    private sealed record Address(string Host, int Port);

    private string[] _keys = [];
    private string[] _owners = [];

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var random = new Random(context.Option("seed", 1));
        _keys = [.. Enumerable.Range(0, context.Option("keys", 10_000)).Select(_ => $"user:{random.NextInt64():x16}:cart")];
        if (context.IsWithout("ring"))
            await ReplaceRingAsync(cancel);

        var state = await StateAsync(cancel);
        await using var redis = await ConnectAsync(state.RespPort);
        var door = redis.GetDatabase();
        await Task.WhenAll(_keys.Select(k => door.StringSetAsync(k, k)));
        context.Observe(new Observation("keys", _keys.Length, $"{_keys.Length} keys written through the ambassador"));
        _owners = await LocateAsync(cancel);

        return
        [
            await PlacementAsync(cancel),
            Spread(),
            .. context.Faults is { } faults
                ? await KillAsync(door, faults, cancel)
                :
                [
                    Claim.NotRun(
                        "a dead shard takes its own keys along, and nothing else",
                        "0 others",
                        "Nothing here can kill a shard; run it with `samples tour`."),
                ],
        ];
    }

    // To see what the ring is for: the hash modulo the number of shards in its place.
    private async Task ReplaceRingAsync(CancellationToken cancel)
    {
        await context.ConfigureAsync("shards.distribution", "modula", cancel);
        _ = await Invocation.WaitAsync(async () => (await StateAsync(cancel)).Distribution == "modula", Patience, cancel)
            ?? throw new InvalidOperationException("The ambassador did not take the distribution 'modula' from the configuration.");
    }

    private async Task<Claim> PlacementAsync(CancellationToken cancel)
    {
        var right = new bool[_keys.Length];
        Array.Fill(right, true);
        for (var shard = 1; shard <= 4; shard++)
        {
            var address = await invoke.GetAsync<Address>($"redis-shard-{shard}", "address", cancel);
            await using var direct = await ConnectAsync(address.Port);
            var database = direct.GetDatabase();
            var has = await Task.WhenAll(_keys.Select(k => database.KeyExistsAsync(k)));
            for (var i = 0; i < _keys.Length; i++)
                right[i] &= has[i] == (_owners[i] == $"shard-{shard}");
        }

        var count = right.Count(r => r);
        return new Claim(
            "each key lies on exactly the shard that the ring names, and on no other",
            $"{_keys.Length}",
            $"{count}",
            count == _keys.Length);
    }

    private Claim Spread()
    {
        var even = _keys.Length / 4.0;
        var worst = Enumerable.Range(1, 4).Max(s => Math.Abs(_owners.Count(o => o == $"shard-{s}") - even) / even);
        return new Claim(
            "keys spread over 4 shards of 160 points each: furthest from even",
            $"at most {MostUneven:P0}",
            $"{worst:P1}",
            worst <= MostUneven);
    }

    private async Task<IReadOnlyList<Claim>> KillAsync(IDatabase door, IFaults faults, CancellationToken cancel)
    {
        var own = Enumerable.Range(0, _keys.Length).Where(i => _owners[i] == VictimShard).ToHashSet();
        var (failed, after, asked, ejected) = await ReadWhileItDiesAsync(door, faults, cancel);
        var others = failed.Count(i => !own.Contains(i));
        var claims = new List<Claim>
        {
            new("one of 4 shards is killed: keys of other shards that fail", "0", $"{others}, in {asked} reads of all keys", others == 0),
            new(
                "keys that fail until it is ejected, and reads that fail afterwards",
                $"at most its own {own.Count}, 0",
                $"{failed.Count - others}, {(ejected is { } took ? $"in {took.TotalSeconds:0.00} s, {after}" : "never ejected")}",
                ejected is not null && after == 0),
        };

        var rest = Enumerable.Range(0, _keys.Length).Where(i => !own.Contains(i)).ToArray();
        var found = await CountAsync(rest, i => door.KeyExistsAsync(_keys[i]));
        claims.Add(new Claim(
            "after the ejection, keys of the other shards are where they were",
            $"{rest.Length}",
            $"{found}",
            found == rest.Length,
            found == rest.Length ? null : "Without a ring, the number of shards decides where every key is."));

        var written = await CountAsync(own, i => door.StringSetAsync(_keys[i], "again"));
        var read = await CountAsync(own, async i => await door.StringGetAsync(_keys[i]) == "again");
        claims.Add(new Claim(
            "after the ejection, keys of the dead shard can be written and read",
            $"{own.Count}",
            $"{Math.Min(written, read)}",
            written == own.Count && read == own.Count));

        await faults.StartAsync(Victim, cancel);
        var back = await Invocation.WaitAsync(async () => !await IsEjectedAsync(cancel), Patience, cancel);
        var same = (await LocateAsync(cancel)).Zip(_owners).Count(p => p.First == p.Second);
        context.Observe(new Observation("back after s", back?.TotalSeconds ?? double.NaN, $"{VictimShard} is back"));
        claims.Add(new Claim(
            "started again, it is back by itself and has its keys' places again",
            $"back, {_keys.Length}",
            ejected is null ? "it was never out" : back is null ? "not back" : $"after {back.Value.TotalSeconds:0.0} s, {same}",
            ejected is not null && back is not null && same == _keys.Length));
        return claims;
    }

    // Eight clients read all the time; the reads that fail are told by key, and those among them that began when the ejection was known.
    private async Task<(HashSet<int> Failed, int After, int Asked, TimeSpan? Ejected)> ReadWhileItDiesAsync(
        IDatabase door, IFaults faults, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var failed = new HashSet<int>();
        var (asked, after, isOut) = (0, 0, false);
        var clients = Enumerable.Range(1, 8).Select(async client =>
        {
            var random = new Random(client);
            while (!end.IsCancellationRequested)
            {
                var i = random.Next(_keys.Length);
                var isAfter = Volatile.Read(ref isOut);
                try
                {
                    Interlocked.Increment(ref asked);
                    await door.StringGetAsync(_keys[i]);
                }
                catch (RedisServerException)
                {
                    lock (failed)
                    {
                        failed.Add(i);
                        after += isAfter ? 1 : 0;
                    }
                }
            }
        }).ToArray();
        await Task.Delay(500, cancel);
        var probe = _keys[Array.IndexOf(_owners, VictimShard)];
        await faults.KillAsync(Victim, cancel);
        context.Observe(new Observation("killed", 1, $"killed {Victim}"));
        // So that it stays down until it is started.
        await faults.TerminateAsync(Victim, cancel);
        var ejected = await Invocation.WaitAsync(
            async () => await IsEjectedAsync(cancel) && await IsSoAsync(() => door.StringSetAsync(probe, probe)), Patience, cancel);
        Volatile.Write(ref isOut, ejected is not null);
        context.Observe(new Observation("ejected after s", ejected?.TotalSeconds ?? double.NaN, $"{VictimShard} is ejected"));
        await Task.Delay(500, cancel);
        await end.CancelAsync();
        await Task.WhenAll(clients);
        return (failed, after, asked, ejected);
    }

    private static async Task<int> CountAsync(IEnumerable<int> keys, Func<int, Task<bool>> isSo) =>
        (await Task.WhenAll(keys.Select(i => IsSoAsync(() => isSo(i))))).Count(s => s);

    // False where the ambassador answers with an error.
    private static async Task<bool> IsSoAsync(Func<Task<bool>> isSo)
    {
        try
        {
            return await isSo();
        }
        catch (RedisServerException)
        {
            return false;
        }
    }

    private async Task<bool> IsEjectedAsync(CancellationToken cancel) =>
        (await StateAsync(cancel)).Shards.Single(s => s.Name == VictimShard).Ejected;

    private Task<AmbassadorState> StateAsync(CancellationToken cancel) =>
        invoke.GetAsync<AmbassadorState>("shard-ambassador", "shards", cancel);

    private Task<string[]> LocateAsync(CancellationToken cancel) =>
        invoke.PostAsync<string[]>("shard-ambassador", "shards/locate", _keys, cancel);

    private static async Task<ConnectionMultiplexer> ConnectAsync(int port) =>
        await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } },
            AsyncTimeout = 20_000,
            SyncTimeout = 20_000,
            ConnectTimeout = 20_000,
        });
}
