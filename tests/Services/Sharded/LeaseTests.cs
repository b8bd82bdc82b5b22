using System.Text;
using Microsoft.Extensions.Time.Testing;
using Samples.ShardMemory;
using Xunit;

namespace Samples.Services.Sharded;

/// <summary>Nothing older than an acknowledged write is told, whatever happens to a shard. On a clock that the test moves.</summary>
public sealed class LeaseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LocalSource _source;

    public LeaseTests()
    {
        _source = new LocalSource(_time);
        // Old enough: nobody has a lease of a life before this one.
        _time.Advance(LocalSource.Lease * 2);
    }

    [Fact]
    public async Task What_is_remembered_is_told_until_it_changes()
    {
        var shard = await StartAsync("a");
        Assert.Equal(("first", Found.Miss), await shard.ReadAsync("/k"));
        Assert.Equal(("first", Found.Hit), await shard.ReadAsync("/k"));
        var writing = _source.WriteAsync("/k", "second");
        await shard.Feed.FollowAsync(Machine.Cancel);
        // It applied the change, and says so with its next question.
        Assert.False(writing.IsCompleted);
        await shard.Feed.FollowAsync(Machine.Cancel);
        await writing;
        Assert.Equal(("second", Found.Miss), await shard.ReadAsync("/k"));
    }

    [Fact]
    public async Task A_member_leaves_and_comes_back_and_what_it_still_holds_from_before_is_a_miss_and_no_older_value()
    {
        var shard = await StartAsync("a");
        await shard.ReadAsync("/k");
        await shard.ReadAsync("/other");
        // Away: frozen, cut off, or without anybody who asks it. It hears nothing for longer than its lease.
        var writing = _source.WriteAsync("/k", "second");
        _time.Advance(LocalSource.Lease + TimeSpan.FromMilliseconds(1));
        await writing;
        // Back, and asked before it has heard of anything: not from memory.
        Assert.Equal(("second", Found.Miss), await shard.ReadAsync("/k"));
        Assert.Equal(("first", Found.Miss), await shard.ReadAsync("/other"));
        // It hears what it has missed: what did not change is a hit again.
        await shard.Feed.FollowAsync(Machine.Cancel);
        Assert.Equal(("first", Found.Hit), await shard.ReadAsync("/other"));
        Assert.Equal("second", (await shard.ReadAsync("/k")).Value);
    }

    [Fact]
    public async Task A_write_waits_for_one_that_is_silent_until_its_lease_is_over_and_not_longer()
    {
        var shard = await StartAsync("a");
        _time.Advance(LocalSource.Lease / 2);
        var writing = _source.WriteAsync("/k", "second");
        Assert.True(shard.Feed.IsCurrent);
        _time.Advance(LocalSource.Lease / 2 - TimeSpan.FromMilliseconds(1));
        Assert.False(writing.IsCompleted);
        // It stops believing before the source does.
        Assert.False(shard.Feed.IsCurrent);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        await writing;
    }

    [Fact]
    public async Task Without_leases_an_older_value_is_told()
    {
        var shard = await StartAsync("a");
        await shard.ReadAsync("/k");
        shard.Feed.IsKept = false;
        var writing = _source.WriteAsync("/k", "second");
        _time.Advance(LocalSource.Lease + TimeSpan.FromMilliseconds(1));
        await writing;
        Assert.Equal(("first", Found.Hit), await shard.ReadAsync("/k"));
        // With leases again it begins anew.
        shard.Feed.IsKept = true;
        await shard.Feed.FollowAsync(Machine.Cancel);
        Assert.Equal("second", (await shard.ReadAsync("/k")).Value);
    }

    [Fact]
    public async Task An_answer_that_a_change_overtook_is_not_kept_and_nobody_waits_for_it_who_came_after()
    {
        var shard = await StartAsync("a");
        var (looked, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        _source.Slowness = () =>
        {
            looked.TrySetResult();
            return goOn.Task;
        };
        var early = shard.ReadAsync("/k");
        await looked.Task;
        _source.Slowness = () => Task.CompletedTask;
        var writing = _source.WriteAsync("/k", "second");
        await shard.Feed.FollowAsync(Machine.Cancel);
        await shard.Feed.FollowAsync(Machine.Cancel);
        await writing;
        // After the write: the one under way is of before.
        Assert.Equal(("second", Found.Miss), await shard.ReadAsync("/k"));
        goOn.SetResult();
        Assert.Equal("first", (await early).Value);
        Assert.Equal(("second", Found.Hit), await shard.ReadAsync("/k"));
    }

    [Fact]
    public async Task Many_that_ask_at_once_cost_the_source_one_request()
    {
        var shard = await StartAsync("a");
        var goOn = new TaskCompletionSource();
        _source.Slowness = () => goOn.Task;
        var asking = Enumerable.Range(0, 50).Select(_ => shard.ReadAsync("/k")).ToList();
        goOn.SetResult();
        Assert.All(await Task.WhenAll(asking), a => Assert.Equal("first", a.Value));
        Assert.Single(_source.Asked);
    }

    [Fact]
    public async Task A_moving_key_is_asked_for_at_its_former_shard_and_that_one_asks_nobody()
    {
        var (former, owner) = (await StartAsync("former"), await StartAsync("owner"));
        _source.Shards["former"] = former.Read;
        await former.ReadAsync("/warm");
        _source.Asked.Clear();
        Assert.Equal(("first", Found.Handed), await owner.ReadAsync("/warm", from: "former"));
        Assert.Empty(_source.Asked);
        Assert.Equal(("first", Found.Hit), await owner.ReadAsync("/warm", from: "former"));
        // What the former one does not have either is the source's business, once.
        Assert.Equal(("first", Found.Miss), await owner.ReadAsync("/cold", from: "former"));
        Assert.Equal(["/cold"], _source.Asked);
    }

    [Fact]
    public async Task What_was_handed_over_is_as_current_as_the_one_that_had_it()
    {
        var (former, owner) = (await StartAsync("former"), await StartAsync("owner"));
        _source.Shards["former"] = former.Read;
        await former.ReadAsync("/k");
        var writing = _source.WriteAsync("/k", "second");
        // The new owner knows of the change, the former one does not yet.
        await owner.Feed.FollowAsync(Machine.Cancel);
        Assert.Equal("first", (await owner.ReadAsync("/k", from: "former")).Value);
        Assert.False(writing.IsCompleted);
        await former.Feed.FollowAsync(Machine.Cancel);
        await former.Feed.FollowAsync(Machine.Cancel);
        await owner.Feed.FollowAsync(Machine.Cancel);
        await writing;
        Assert.Equal("second", (await owner.ReadAsync("/k", from: "former")).Value);
    }

    [Fact]
    public async Task While_the_source_is_down_what_is_remembered_is_told_and_says_that_it_may_be_old()
    {
        var shard = await StartAsync("a");
        await shard.ReadAsync("/k");
        _source.IsDown = true;
        Assert.Equal(("first", Found.Hit), await shard.ReadAsync("/k"));
        _time.Advance(LocalSource.Lease);
        Assert.Equal(("first", Found.Stale), await shard.ReadAsync("/k"));
        await Assert.ThrowsAsync<HttpRequestException>(() => shard.ReadAsync("/unknown"));
    }

    [Fact]
    public async Task A_new_life_of_the_source_makes_everybody_forget_and_waits_for_the_leases_of_the_old_one()
    {
        var shard = await StartAsync("a");
        await shard.ReadAsync("/k");
        _source.Log.BeginAnew();
        var writing = _source.WriteAsync("/k", "second");
        Assert.Equal(("first", Found.Hit), await shard.ReadAsync("/k"));
        Assert.False(writing.IsCompleted);
        _time.Advance(LocalSource.Lease + TimeSpan.FromMilliseconds(1));
        await writing;
        await shard.Feed.FollowAsync(Machine.Cancel);
        Assert.Equal(("second", Found.Miss), await shard.ReadAsync("/k"));
    }

    [Fact]
    public async Task One_that_missed_more_changes_than_are_remembered_forgets_everything()
    {
        var shard = await StartAsync("a");
        await shard.ReadAsync("/k");
        for (var i = 0; i < 1100; i++)
            _source.Log.Append([["/other"]]);
        await shard.Feed.FollowAsync(Machine.Cancel);
        Assert.Equal(0, shard.Memory.Usage.Count);
        Assert.Equal(("first", Found.Miss), await shard.ReadAsync("/k"));
    }

    private async Task<TestShard> StartAsync(string name)
    {
        var options = new ShardOptions
        {
            Replica = name, Origin = "origin", OriginTimeout = TimeSpan.FromSeconds(1), Bytes = 1 << 20, Faults = false,
            ConfigurationStore = "configstore",
        };
        var feed = new ChangeFeed(_source, options, _time, new KeptLog<ChangeFeed>());
        var memory = new AnswerMemory(options.Bytes);
        var shard = new TestShard(feed, memory, new ReadThrough(memory, feed, _source));
        await feed.FollowAsync(Machine.Cancel);
        return shard;
    }

    private sealed record TestShard(ChangeFeed Feed, AnswerMemory Memory, ReadThrough Read)
    {
        public async Task<(string Value, string How)> ReadAsync(string target, string? from = null)
        {
            var (answer, how) = await Read.GetAsync(target, from, Machine.Cancel);
            return (Encoding.UTF8.GetString(answer.Body), how);
        }
    }
}
