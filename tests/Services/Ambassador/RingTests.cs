using System.Text;
using CsCheck;
using Samples.Defaults;
using Samples.ShardAmbassador;
using Samples.ShardAmbassador.Ring;
using Xunit;

namespace Samples.Services.Ambassador;

public sealed class RingTests
{
    private static readonly ShardServer[] Four = [new("shard-1"), new("shard-2"), new("shard-3"), new("shard-4")];

    private static readonly Gen<byte[]> Keys = Gen.Byte.Array[1, 40];

    [Fact]
    public void The_hash_is_the_32_bit_one_of_twemproxy_with_signed_bytes()
    {
        Assert.Equal(0x84222325u, Fnv1a.Hash([]));
        Assert.Equal(unchecked((0x84222325u ^ 'a') * 435u), Fnv1a.Hash("a"u8));
        Assert.Equal(unchecked((0x84222325u ^ 0xFFFFFFE9u) * 435u), Fnv1a.Hash([0xE9]));
    }

    [Fact]
    public void When_a_server_goes_only_its_own_keys_move()
    {
        var all = Ring(Four, _ => true);
        Gen.Select(Keys, Gen.Int[0, 3]).Sample((key, gone) =>
        {
            var (before, after) = (all.ServerFor(key), Ring(Four, i => i != gone).ServerFor(key));
            return before == gone ? after != gone : after == before;
        }, iter: 500);
    }

    [Fact]
    public void Modulo_moves_nearly_every_key_which_is_why_there_is_a_ring()
    {
        var before = Distributions.Create("modula", Four, _ => true, Random.Shared)!;
        var after = Distributions.Create("modula", Four, i => i != 1, Random.Shared)!;
        var stayed = RandomKeys(4000).Where(k => before.ServerFor(k) != 1)
            .Average(k => before.ServerFor(k) == after.ServerFor(k) ? 1.0 : 0);
        Assert.InRange(stayed, 0, 0.5);
    }

    [Fact]
    public void Keys_spread_by_weight()
    {
        ShardServer[] weighted = [new("a", 1), new("b", 3)];
        foreach (var distribution in new[] { "ketama", "modula" })
        {
            var share = RandomKeys(20_000)
                .Average(k => Distributions.Create(distribution, weighted, _ => true, Random.Shared)!.ServerFor(k));
            Assert.InRange(share, 0.68, 0.82);
        }
    }

    [Fact]
    public void Random_uses_every_live_server_and_no_other()
    {
        var random = Distributions.Create("random", Four, i => i != 2, new Random(1))!;
        Assert.Equal([0, 1, 3], Enumerable.Range(0, 200).Select(_ => random.ServerFor("k"u8)).Distinct().Order());
    }

    [Theory]
    [InlineData("user7", "user7")]
    [InlineData("{user7}:cart", "user7")]
    [InlineData("a{user7}b{other}", "user7")]
    [InlineData("{}user7", "{}user7")]
    [InlineData("{user7", "{user7")]
    [InlineData("}user{7}", "7")]
    public void Of_a_key_with_a_tag_the_tag_is_hashed(string key, string hashed) =>
        Assert.Equal(hashed, Encoding.UTF8.GetString(HashTag.Of(Encoding.UTF8.GetBytes(key), "{}"u8)));

    [Fact]
    public void Servers_are_written_as_in_twemproxys_configuration()
    {
        var entries = ShardEntry.ParseList("127.0.0.1:6379:2 alpha, 10.0.0.1:11211:1, dapr:redis-shard-1, localhost:6380");
        Assert.Equal(
            [new("alpha", 2), new("10.0.0.1"), new("redis-shard-1"), new ShardServer("localhost:6380")], entries.Select(e => e.Server));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:6379:0")]
    [InlineData("127.0.0.1:6379:x name")]
    [InlineData("a:1:1 same, b:2:1 same")]
    public void A_wrong_list_of_servers_stops_the_start(string list) =>
        Assert.Throws<WrongSettingException>(() => ShardEntry.ParseList(list));

    private static IDistribution Ring(ShardServer[] servers, Func<int, bool> isLive) =>
        Distributions.Create("ketama", servers, isLive, Random.Shared)!;

    private static IEnumerable<byte[]> RandomKeys(int count)
    {
        var random = new Random(7);
        return Enumerable.Range(0, count).Select(_ => Encoding.ASCII.GetBytes($"user:{random.NextInt64():x16}"));
    }
}
