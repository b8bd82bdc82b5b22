using CsCheck;
using Samples.Runtime.BuildingBlocks.Actors;
using Xunit;

namespace Samples.Unit;

public sealed class HashRingTests
{
    private static readonly Gen<string[]> Members = Gen.Int[0, 1000].Select(i => $"app@{i}").HashSet[1, 12].Select(s => s.ToArray());
    private static readonly string[] Keys = [.. Enumerable.Range(0, 500).Select(i => $"actor-{i}")];

    [Fact]
    public void Nobody_owns_anything_on_an_empty_ring() => Assert.Null(new HashRing([]).Owner("a"));

    [Fact]
    public void The_order_of_members_does_not_matter_and_the_owner_is_a_member() => Members.Sample(members =>
    {
        var (ring, reversed) = (new HashRing(members), new HashRing(members.Reverse()));
        return Keys.All(k => ring.Owner(k) == reversed.Owner(k) && members.Contains(ring.Owner(k)));
    }, iter: 50);

    [Fact]
    public void One_that_joins_takes_and_one_that_leaves_gives_and_nothing_else_moves() => Members.Sample(members =>
    {
        var before = new HashRing(members);
        var joined = new HashRing([.. members, "new"]);
        var left = new HashRing(members.Skip(1));
        return Keys.All(k => joined.Owner(k) == before.Owner(k) || joined.Owner(k) == "new")
            && Keys.All(k => left.Owner(k) == before.Owner(k) || before.Owner(k) == members[0]);
    }, iter: 50);

    [Theory, InlineData(2), InlineData(3), InlineData(10)]
    public void Shares_are_even_enough(int members)
    {
        var ring = new HashRing(Enumerable.Range(0, members).Select(i => $"app@{5000 + i}"));
        var shares = Enumerable.Range(0, 10_000).CountBy(i => ring.Owner($"a{i}")!).ToList();
        Assert.Equal(members, shares.Count);
        // With 128 points a member, the deviation is about one part in eleven: twice and half are far away.
        Assert.All(shares, s => Assert.InRange(s.Value, 10_000 / members / 2, 10_000 / members * 2));
    }

    [Fact]
    public void One_that_joins_takes_about_its_share()
    {
        var members = Enumerable.Range(0, 4).Select(i => $"app@{5000 + i}").ToList();
        var (before, after) = (new HashRing(members), new HashRing([.. members, "app@5004"]));
        var moved = Enumerable.Range(0, 10_000).Count(i => before.Owner($"a{i}") != after.Owner($"a{i}"));
        Assert.InRange(moved, 1_000, 3_500);
    }
}
