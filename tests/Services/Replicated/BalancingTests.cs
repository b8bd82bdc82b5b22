using Microsoft.Extensions.Time.Testing;
using Samples.FrontDoor.Clients;
using Samples.LoadBalancing.Replicas;
using Xunit;

namespace Samples.Services.Replicated;

/// <summary>The rules of the front door, without a network.</summary>
public sealed class BalancingTests
{
    [Fact]
    public void A_window_lets_so_many_through_and_says_when_it_ends()
    {
        var time = new FakeTimeProvider();
        var limits = new ClientLimits(3, TimeSpan.FromSeconds(60), time);
        Assert.Equal([2, 1, 0], new[] { limits.Take("a"), limits.Take("a"), limits.Take("a") }.Select(a => a.Remaining));
        time.Advance(TimeSpan.FromSeconds(55.2));
        var refused = limits.Take("a");
        Assert.False(refused.IsAllowed);
        // Rounded up at the edge: 5, as the header says it.
        Assert.Equal(4.8, refused.Reset.TotalSeconds, 3);
        Assert.True(limits.Take("b").IsAllowed);
        time.Advance(TimeSpan.FromSeconds(4.8));
        Assert.True(limits.Take("a").IsAllowed);
    }

    [Fact]
    public void A_replica_is_forgotten_when_it_is_silent_and_unhealthy_and_at_once_when_it_says_farewell()
    {
        var time = new FakeTimeProvider();
        var set = new ReplicaSet(time);
        var changes = 0;
        set.Changed += () => changes++;
        AnnouncedReplica one = new("one", new Uri("http://127.0.0.1:1")), two = new("two", new Uri("http://127.0.0.1:2"));
        set.Hear(one);
        set.Hear(two);
        set.Hear(one);
        Assert.Equal(2, changes);
        time.Advance(ReplicaSet.Lease * 2);
        set.Forget(isHealthy: r => r == one);
        Assert.Equal([one], set.All);
        set.Dismiss("one");
        set.Dismiss("one");
        Assert.Empty(set.All);
        Assert.Equal(4, changes);
    }
}
