using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Samples.FrontDoor;
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

    [Theory]
    [InlineData(0, "60")]
    [InlineData(54.9, "6")]
    [InlineData(55, "5")]
    [InlineData(55.2, "5")]
    [InlineData(59, "1")]
    [InlineData(59.999, "1")]
    public async Task Retry_after_is_what_is_left_of_the_window_rounded_up_and_never_zero(double second, string retryAfter)
    {
        var time = new FakeTimeProvider();
        var options = FrontDoorOptions.From(
            new ConfigurationBuilder().AddInMemoryCollection([new("RATE_LIMIT", "1"), new("RATE_WINDOW_SECONDS", "60")]).Build());
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(time).AddProblemDetails().AddLimits(options);
        await using var door = builder.Build();
        door.UseLimits(options);
        door.MapGet("/", () => "well");
        await door.StartAsync(Machine.Cancel);
        using var client = new HttpClient { BaseAddress = new Uri(door.Urls.First()) };
        Assert.Equal("well", await client.GetStringAsync("/", Machine.Cancel));
        time.Advance(TimeSpan.FromSeconds(second));
        using (var refused = await client.GetAsync("/", Machine.Cancel))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(retryAfter, refused.Headers.GetValues("Retry-After").Single());
        }


        // Who waits so long is let in.
        time.Advance(TimeSpan.FromSeconds(int.Parse(retryAfter, CultureInfo.InvariantCulture)));
        Assert.Equal("well", await client.GetStringAsync("/", Machine.Cancel));
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
