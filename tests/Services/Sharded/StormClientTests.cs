using Microsoft.AspNetCore.Http;
using Samples.Experiments.Sharded;
using Samples.Lab;
using Samples.Services.Replicated;
using Xunit;

namespace Samples.Services.Sharded;

/// <summary>The client of the storm: a request fails only where no router answers although both were given time.</summary>
public sealed class StormClientTests
{
    [Fact]
    public async Task Where_the_second_router_died_while_the_first_one_was_asked_the_first_one_is_asked_again()
    {
        var asked = 0;
        await using var first = await ScriptedOrigin.StartAsync(http =>
        {
            if (Interlocked.Increment(ref asked) > 1)
                return http.Response.WriteAsync("well", http.RequestAborted);
            http.Abort();
            return Task.CompletedTask;
        });
        using var view = View(new Uri(first.Address).Port, Service.FreePort());
        var answer = await view.GetAsync("/a", Machine.Cancel);
        Assert.Equal((200, "well", 2), (answer.Status, answer.Body, asked));
    }

    [Fact]
    public async Task Where_both_routers_are_dead_the_request_fails()
    {
        using var view = View(Service.FreePort(), Service.FreePort());
        Assert.Equal(0, (await view.GetAsync("/a", Machine.Cancel)).Status);
    }

    private static ShardedView View(params int[] routers) => new(new ExperimentContext(
        null, [.. routers.Select((port, i) => new Replica($"shard-router-{i + 1}", "shard-router", 1, port, 1, 1, "running"))],
        Path.GetTempPath(), _ => { }, new Dictionary<string, string>(), TimeProvider.System));
}
