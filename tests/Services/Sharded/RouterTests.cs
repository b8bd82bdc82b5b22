using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Time.Testing;
using Samples.Defaults;
using Samples.Hashing;
using Samples.ShardRouter;
using Samples.ShardRouter.Keys;
using Samples.ShardRouter.Ring;
using Xunit;

namespace Samples.Services.Sharded;

/// <summary>The rules of the router, without a network.</summary>
public sealed class RouterTests
{
    private const string Four = "1: 1-a, 1-b; 2: 2-a, 2-b; 3: 3-a, 3-b; 4: 4-a, 4-b", Five = Four + "; 5: 5-a, 5-b";

    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData("/search?limit=5&q=a", "/search?q=a&limit=5")]
    [InlineData("/search?limit=5&q=a", "/search?q=a&limit=5&utm_source=mail&_=123")]
    [InlineData("/search?q=a%20b", "/search?q=a+b")]
    [InlineData("/search?q=a%20b", "/search?Q=a%20b")]
    [InlineData("/search?q=a%2Bb%26c", "/search?q=a%2bb%26c")]
    [InlineData("/search?q=%C3%A4", "/search?q=ä")]
    [InlineData("/search?q=b&q=a", "/search?q=b&q=a")]
    [InlineData("/search?q=", "/search?q=")]
    [InlineData("/search?q=", "/search?q")]
    [InlineData("/search", "/search?other=1")]
    [InlineData("/a%20b/%C3%A4", "/a%20b/ä")]
    [InlineData("/Search?q=A", "/Search?q=A")]
    public void Requests_for_the_same_thing_have_the_same_key(string key, string asked) => Assert.Equal(key, KeyOf(asked, ["q", "limit"]));

    [Fact]
    public void Where_nothing_is_said_all_parameters_matter()
    {
        Assert.Equal("/p?a=1&b=2&b=3", KeyOf("/p?b=2&A=1&b=3", []));
        Assert.NotEqual(KeyOf("/p?a=1", []), KeyOf("/p?a=2", []));
        // A separator inside a value is no separator.
        Assert.NotEqual(KeyOf("/p?a=1%26b%3D2", []), KeyOf("/p?a=1&b=2", []));
    }

    [Theory]
    [InlineData("", "names no shard")]
    [InlineData(" ; ", "names no shard")]
    [InlineData("1", "'1' is no shard")]
    [InlineData("1:", "'1:' is no shard")]
    [InlineData(": a", "': a' is no shard")]
    [InlineData("1: a; 1: b", "'1' stands there twice")]
    [InlineData("1: a; 2: a", "'a' stands there twice")]
    public void A_list_of_shards_that_cannot_be_read_says_why(string text, string why)
    {
        var wrong = Assert.Throws<WrongSettingException>(() => ShardList.Parse("SHARDS", text));
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shards", "")]
    [InlineData("points", "0")]
    [InlineData("points", "many")]
    [InlineData("bound", "0.9")]
    [InlineData("bound", "NaN")]
    [InlineData("copies", "yes")]
    public void A_wrong_configuration_is_told_and_changes_nothing(string key, string value)
    {
        var log = new KeptLog<ShardMap>();
        var map = Map(Four, log);
        var before = map.Now;
        map.Take(
            new Dictionary<string, string> { [$"shard-router.{key}"] = value, ["shard-router.shards"] = value.Length == 0 ? "" : Five });
        Assert.Same(before, map.Now);
        Assert.Contains(log.Messages, m => m.Contains($"shard-router.{key}", StringComparison.Ordinal));
    }

    [Fact]
    public void From_four_shards_to_five_only_the_new_ones_keys_move_and_return_when_it_leaves()
    {
        var map = Map(Four);
        var keys = Enumerable.Range(0, 20_000).Select(i => $"/search?q=word{i}").ToList();
        var before = keys.Select(map.Now.Ring.Owner).ToList();
        map.Take(Shards(Five));
        var moved = keys.Zip(before).Where(k => map.Now.Ring.Owner(k.First) != k.Second).ToList();
        Assert.InRange(moved.Count, 1, keys.Count * 0.22);
        Assert.All(moved, k => Assert.Equal("5", map.Now.Ring.Owner(k.First)));
        map.Take(Shards(Four));
        Assert.Equal(before, keys.Select(map.Now.Ring.Owner));
    }

    [Fact]
    public void A_request_for_a_key_that_is_moving_knows_one_former_shard_and_for_a_while()
    {
        var map = Map(Four);
        var moving = Enumerable.Range(0, 1000).Select(i => $"/k{i}").First(k => Ring(Five).Owner(k) == "5");
        var former = Ring(Four).Owner(moving);
        Assert.Null(map.Choose(moving).From);
        map.Take(Shards(Five));
        var route = map.Choose(moving);
        Assert.Equal(("5", $"{former}-a"), (route.Shard.Name, route.From));
        // A key that stays has nobody to ask.
        var staying = Enumerable.Range(0, 1000).Select(i => $"/k{i}").First(k => Ring(Five).Owner(k) == Ring(Four).Owner(k));
        Assert.Null(map.Choose(staying).From);
        // Moved twice within the time: one former shard, the latest.
        map.Take(Shards(Four));
        Assert.Equal((former, "5-a"), (map.Choose(moving).Shard.Name, map.Choose(moving).From));
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Null(map.Choose(moving).From);
    }

    [Fact]
    public void The_same_shards_in_another_order_or_with_other_replicas_are_the_same_ring()
    {
        var map = Map(Four);
        var ring = map.Now.Ring;
        map.Take(Shards("4: 4-a; 3: 3-a, 3-b; 2: 2-c, 2-d; 1: 1-a, 1-b"));
        Assert.Same(ring, map.Now.Ring);
        Assert.Equal(["2-c", "2-d"], map.Now.Shards["2"].Entry.Replicas);
    }

    [Fact]
    public void Replicas_take_turns_and_one_that_failed_is_tried_again_by_one_request()
    {
        var shard = new Shard(new ShardEntry("1", ["a", "b"]), _time);
        Assert.Equal(["a", "b", "a", "b"], Enumerable.Range(0, 4).Select(_ => shard.InOrder()[0]));
        shard.Missed("a");
        shard.Missed("a");
        Assert.Equal("b", shard.Best);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal(["b"], shard.InOrder()));
        Assert.Equal(["b", "a"], shard.InOrder(all: true));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Equal(["a", "b"], shard.InOrder());
        Assert.Equal(["b"], shard.InOrder());
        shard.Missed("a");
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal("b", shard.InOrder()[0]);
        Assert.Equal(["a"], shard.Avoided);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Contains("a", new[] { shard.InOrder()[0], shard.InOrder()[0] });
        shard.Answered("a");
        Assert.Empty(shard.Avoided);
    }

    [Fact]
    public void When_all_replicas_failed_the_origin_is_asked_and_they_are_tried_again_one_by_one()
    {
        var shard = new Shard(new ShardEntry("1", ["a", "b"]), _time);
        shard.Missed("a");
        shard.Missed("b");
        Assert.Empty(shard.InOrder());
        Assert.Equal(2, shard.InOrder(all: true).Count);
        Assert.NotNull(shard.Best);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Single(shard.InOrder());
    }

    [Fact]
    public void A_key_is_copied_while_it_is_hot_and_not_longer()
    {
        var hot = new HotKeys(Options(Four), _time);
        var copies = 0;
        for (var i = 0; i < 300; i++)
            copies = hot.Ask(i % 3 == 0 ? "/hot" : $"/k{i}", shards: 4);
        Assert.Equal(1, copies);
        Assert.Equal(4, hot.Ask("/hot", shards: 4));
        Assert.Equal(["/hot"], hot.All(4).Select(h => h.Key));
        // Three seconds later it is asked for as often as any other.
        for (var second = 0; second < 6; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            for (var i = 0; i < 300; i++)
                hot.Ask($"/k{i}", shards: 4);
        }

        Assert.Equal(1, hot.Ask("/hot", shards: 4));
        Assert.Empty(hot.All(4));
    }

    [Fact]
    public void A_hot_key_asks_its_owner_for_a_copy_before_the_origin()
    {
        var map = Map(Four);
        var owner = Ring(Four).Owner("/hot");
        var routes = Enumerable.Range(0, 400).Select(_ => map.Choose("/hot")).ToList();
        Assert.Equal(4, routes.Select(r => r.Shard.Name).Distinct().Count());
        Assert.All(routes, r => Assert.Equal(r.Shard.Name == owner, r.From is null));
        Assert.All(routes.Where(r => r.From is not null), r => Assert.StartsWith(owner, r.From, StringComparison.Ordinal));
        map.Take(new Dictionary<string, string> { ["shard-router.copies"] = "off", ["shard-router.bound"] = "off" });
        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(owner, map.Choose("/hot").Shard.Name));
    }

    private static string KeyOf(string asked, string[] parameters)
    {
        var parts = asked.Split('?', 2);
        var query = new QueryCollection(QueryHelpers.ParseQuery(parts.ElementAtOrDefault(1)));
        return new RequestKey(parameters).Of(PathString.FromUriComponent(parts[0]), query);
    }

    private static HashRing Ring(string shards) => new(ShardList.Parse("", shards).Select(s => s.Name));

    private static Dictionary<string, string> Shards(string shards) => new() { ["shard-router.shards"] = shards };

    private static RouterOptions Options(string shards) => RouterOptions.From(
        new ConfigurationBuilder().AddInMemoryCollection([new("SHARDS", shards)]).Build());

    private ShardMap Map(string shards, KeptLog<ShardMap>? log = null) =>
        new(Options(shards), new HotKeys(Options(shards), _time), _time, log ?? new KeptLog<ShardMap>());
}
