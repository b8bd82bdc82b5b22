using System.Collections.Frozen;

namespace Samples.ShardAmbassador.Clients;

/// <summary>What the ambassador does with a command.</summary>
internal enum Handling
{
    /// <summary>Sent to the server of its keys; all of them must be on one server.</summary>
    Forward,

    /// <summary>Split by server and put together again.</summary>
    Split,

    /// <summary>Answered here.</summary>
    Own,

    /// <summary>Answered with an error that says why.</summary>
    Refuse,
}

/// <summary>Where a command has its keys, and what is done with it.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Handling">What is done.</param>
/// <param name="First">The first key's place, the name being 0.</param>
/// <param name="Last">The last key's place; negative counts from the end.</param>
/// <param name="Step">2 where keys and values take turns.</param>
/// <param name="CountAt">The place of the number of keys, which follow it; 0 where there is none.</param>
/// <param name="Why">For <see cref="Handling.Refuse"/>: the reason.</param>
internal sealed record CommandSpec(
    string Name, Handling Handling, int First = 0, int Last = 0, int Step = 1, int CountAt = 0, string Why = "")
{
    /// <summary>How a split command's parts become one reply.</summary>
    public Merging Merging { get; init; }

    /// <summary>Where options begin; 0 where none of them has to do with keys.</summary>
    public int OptionsAt { get; init; }

    /// <summary>Options that a key follows, where a result is stored: on the same server, or not at all.</summary>
    public IReadOnlyList<string> Destinations { get; init; } = [];

    /// <summary>Options that a pattern of keys follows, which may be on any server.</summary>
    public IReadOnlyList<string> Patterns { get; init; } = [];
}

/// <summary>The commands of Redis.</summary>
internal static class CommandTable
{
    private const string OneKey = """
        append bitcount bitfield bitfield_ro bitpos decr decrby dump expire expireat expiretime geoadd geodist geohash geopos georadius_ro
        georadiusbymember_ro geosearch get getbit getdel getex getrange getset hdel hexists hexpire hexpireat hexpiretime hget hgetall
        hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield hscan hset hsetnx hstrlen
        httl hvals incr incrby incrbyfloat lindex linsert llen lpop lpos lpush lpushx lrange lrem lset ltrim persist pexpire pexpireat
        pexpiretime pfadd psetex pttl restore rpop rpush rpushx sadd scard set setbit setex setnx setrange sismember smembers smismember
        spop srandmember srem sscan strlen substr ttl type xack xadd xautoclaim xclaim xdel xlen xpending xrange xrevrange xsetid xtrim
        zadd zcard zcount zincrby zlexcount zmscore zpopmax zpopmin zrandmember zrange zrangebylex zrangebyscore zrank zrem zremrangebylex
        zremrangebyrank zremrangebyscore zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore
        """;

    private const string Ours = "auth client command config echo hello info ping quit reset select";

    private static readonly (string Why, string Names)[] Refused =
    [
        ("it is about all keys, and no server has them all",
            "dbsize flushall flushdb keys move randomkey scan swapdb wait waitaof"),
        ("a transaction belongs to one connection of one server; a script (EVAL) with one key is atomic",
            "discard exec multi unwatch watch"),
        ("messages belong to one server; connect to it directly",
            "psubscribe publish pubsub punsubscribe spublish ssubscribe subscribe sunsubscribe unsubscribe"),
        ("it would hold up every client of the connection that all share",
            "blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin monitor"),
        ("servers are administered directly",
            """
            acl asking bgrewriteaof bgsave cluster debug failover function lastsave latency lolwut memory migrate module psync
            readonly readwrite replicaof role save script shutdown slaveof slowlog sync time
            """),
    ];

    private static readonly FrozenDictionary<string, CommandSpec> Specs = All().ToFrozenDictionary(s => s.Name);

    private static readonly FrozenDictionary<string, CommandSpec>.AlternateLookup<ReadOnlySpan<char>> ByName =
        Specs.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>A command by the bytes of its name in any case; null where Redis has none, or a newer one.</summary>
    public static CommandSpec? Find(ReadOnlySpan<byte> name)
    {
        Span<char> lower = stackalloc char[32];
        if (name.Length > lower.Length)
            return null;
        for (var i = 0; i < name.Length; i++)
            lower[i] = (char)(name[i] is >= (byte)'A' and <= (byte)'Z' ? name[i] | 0x20 : name[i]);
        return ByName.TryGetValue(lower[..name.Length], out var spec) ? spec : null;
    }

    private static IEnumerable<CommandSpec> All() =>
    [
        .. Words(OneKey).Select(n => new CommandSpec(n, Handling.Forward, 1, 1)),
        .. Words(Ours).Select(n => new CommandSpec(n, Handling.Own)),
        .. Refused.SelectMany(r => Words(r.Names).Select(n => new CommandSpec(n, Handling.Refuse, Why: r.Why))),
        .. Words("del exists touch unlink").Select(n => new CommandSpec(n, Handling.Split, 1, -1) { Merging = Merging.Sum }),
        new("mget", Handling.Split, 1, -1) { Merging = Merging.Gather },
        new("mset", Handling.Split, 1, -1, 2) { Merging = Merging.AllOk },
        new("msetnx", Handling.Forward, 1, -1, 2),
        .. Words("pfcount pfmerge sdiff sdiffstore sinter sinterstore sunion sunionstore")
            .Select(n => new CommandSpec(n, Handling.Forward, 1, -1)),
        .. Words("copy geosearchstore lcs lmove rename renamenx rpoplpush smove zrangestore")
            .Select(n => new CommandSpec(n, Handling.Forward, 1, 2)),
        new("georadius", Handling.Forward, 1, 1) { OptionsAt = 6, Destinations = ["store", "storedist"] },
        new("georadiusbymember", Handling.Forward, 1, 1) { OptionsAt = 5, Destinations = ["store", "storedist"] },
        .. Words("sort sort_ro").Select(n =>
            new CommandSpec(n, Handling.Forward, 1, 1) { OptionsAt = 2, Destinations = ["store"], Patterns = ["by", "get"] }),
        new("bitop", Handling.Forward, 2, -1),
        .. Words("object xgroup xinfo").Select(n => new CommandSpec(n, Handling.Forward, 2, 2)),
        .. Words("lmpop sintercard zdiff zinter zintercard zmpop zunion").Select(n => new CommandSpec(n, Handling.Forward, CountAt: 1)),
        .. Words("zdiffstore zinterstore zunionstore").Select(n => new CommandSpec(n, Handling.Forward, 1, 1, CountAt: 2)),
        .. Words("eval eval_ro evalsha evalsha_ro fcall fcall_ro").Select(n => new CommandSpec(n, Handling.Forward, CountAt: 2)),
        .. Words("xread xreadgroup").Select(n => new CommandSpec(n, Handling.Refuse,
            Why: "where its keys stand depends on its options, and with BLOCK it would hold up every client; use XRANGE")),
    ];

    private static string[] Words(string text) => text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
