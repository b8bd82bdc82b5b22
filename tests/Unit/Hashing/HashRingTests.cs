using CsCheck;
using Samples.Hashing;
using Xunit;

namespace Samples.Unit.Hashing;

public sealed class HashRingTests
{
    private static readonly Gen<string[]> Members = Gen.Int[0, 1000].Select(i => $"app@{i}").HashSet[1, 12].Select(s => s.ToArray());
    private static readonly string[] Keys = [.. Enumerable.Range(0, 500).Select(i => $"/search?limit=10&q=key{i}")];
    private static readonly string[] Four = ["1", "2", "3", "4"];

    // Golden: another process, another run, another machine, another year. A change of these loses every running cache.
    [Fact]
    public void The_same_key_has_the_same_member_in_every_process_and_run()
    {
        var ring = new HashRing(Four);
        Assert.Equal("1 2 2 4 3 3 3 1", string.Join(' ', new[]
        {
            "", "a", "b", "/search?limit=10&q=string", "/documents/T%3ASystem.String", "203.0.113.7", "ключ", new string('x', 1000),
        }.Select(ring.Owner)));
        Assert.Equal("2 1 4 3", string.Join(' ', ring.Owners("a")));
        Assert.Equal(0x2D06800538D394C2UL, HashRing.Hash(""));
    }

    [Fact]
    public void Nobody_is_no_ring_and_says_so_at_once()
    {
        var none = Assert.Throws<ArgumentException>(() => new HashRing([]));
        Assert.Contains("at least one member", none.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HashRing(Four, points: 0));
    }

    [Fact]
    public void The_order_of_names_does_not_matter_and_the_owner_is_a_member() => Members.Sample(members =>
    {
        var (ring, reversed) = (new HashRing(members), new HashRing([.. members.Reverse(), members[0]]));
        return Keys.All(k => ring.Owner(k) == reversed.Owner(k) && members.Contains(ring.Owner(k)));
    }, iter: 20);

    [Fact]
    public void Two_members_that_collide_on_the_ring_are_placed_alike_whatever_the_order()
    {
        // All points of all members on one of four places, and keys everywhere.
        ulong Hash(string text) => text.Contains('#') ? HashRing.Hash(text) % 4 << 62 : HashRing.Hash(text);
        var (ring, reversed) = (new HashRing(Four, 16, Hash), new HashRing(Four.Reverse(), 16, Hash));
        Assert.All(Keys, k => Assert.Equal(ring.Owners(k), reversed.Owners(k)));
        // One of those that collide goes, and comes back.
        var without = new HashRing(Four[1..], 16, Hash);
        Assert.All(Keys.Where(k => ring.Owner(k) != "1"), k => Assert.Equal(ring.Owner(k), without.Owner(k)));
        Assert.All(Keys, k => Assert.Equal(4, ring.Owners(k).Distinct().Count()));
    }

    [Fact]
    public void One_that_joins_takes_and_one_that_leaves_gives_and_nothing_else_moves() => Members.Sample(members =>
    {
        var before = new HashRing(members);
        var joined = new HashRing([.. members, "new"]);
        if (!Keys.All(k => joined.Owner(k) == before.Owner(k) || joined.Owner(k) == "new"))
            return false;
        if (members.Length == 1)
            return true;
        var left = new HashRing(members.Skip(1));
        return Keys.All(k => left.Owner(k) == before.Owner(k) || before.Owner(k) == members[0]);
    }, iter: 20);

    [Fact]
    public void A_member_that_leaves_is_followed_by_the_next_of_its_owners()
    {
        var ring = new HashRing(Four);
        foreach (var key in Keys)
        {
            var order = ring.Owners(key).ToList();
            Assert.Equal(order.Skip(1), new HashRing(order.Skip(1)).Owners(key));
        }
    }

    [Theory, InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(10), InlineData(64)]
    public void Shares_are_even_within_a_tenth_and_are_what_keys_find(int members)
    {
        var ring = new HashRing(Enumerable.Range(1, members).Select(i => $"{i}"));
        var shares = ring.Shares();
        Assert.Equal(1, shares.Values.Sum(), 9);
        Assert.All(shares.Values, s => Assert.InRange(s * members, 0.9, 1.1));
        const int keys = 200_000;
        var found = Enumerable.Range(0, keys).CountBy(i => ring.Owner($"key {i}")).ToDictionary();
        Assert.All(shares, s => Assert.InRange(found[s.Key] / (s.Value * keys), 0.9, 1.1));
    }

    [Fact]
    public void Few_points_make_shares_uneven_and_many_make_them_even()
    {
        double Worst(int points) => new HashRing(Four, points).Shares().Values.Max(s => Math.Abs(s * 4 - 1));
        Assert.True(Worst(1) > 0.25, $"{Worst(1)}");
        Assert.True(Worst(16 * 1024) < 0.02, $"{Worst(16 * 1024)}");
    }

    [Fact]
    public void From_four_to_five_moves_at_most_a_fifth_and_two_hundredths()
    {
        var (before, after) = (new HashRing(Four), new HashRing([.. Four, "5"]));
        var moved = Enumerable.Range(0, 50_000).Where(i => before.Owner($"key {i}") != after.Owner($"key {i}")).ToList();
        Assert.InRange(moved.Count, 1, 50_000 * 0.22);
        Assert.All(moved, i => Assert.Equal("5", after.Owner($"key {i}")));
    }
}
