using Xunit;
using static Samples.Cli.Tests.Checkout;

namespace Samples.Cli.Tests;

/// <summary>What a page's "Break it" says: single replicas are broken and repaired by their names.</summary>
public sealed class FaultCommandTests
{
    [Fact]
    public async Task A_replica_is_frozen_resumed_killed_terminated_and_started_by_its_name()
    {
        await using var checkout = new Checkout();
        checkout.Add("tiny", Template(Entry("web", "appPort: 1"), Entry("web", "appPort: 2")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var first = await run.ReplicaAsync("web-1");

        Assert.Equal(0, (await checkout.RunAsync("freeze", "web-1")).Code);
        await run.BecomesAsync("web-1", r => r.State == "frozen" && r.Pid == first.Pid);
        Assert.Equal(0, (await checkout.RunAsync("resume", "web-1")).Code);
        await run.BecomesAsync("web-1", r => r.State == "running" && r.Pid == first.Pid);
        Assert.Equal(0, (await checkout.RunAsync("kill", "web-1")).Code);
        await run.BecomesAsync("web-1", r => r.State == "running" && r.Pid > 0 && r.Pid != first.Pid);
        Assert.Equal(0, (await checkout.RunAsync("terminate", "web-1", "web-2")).Code);
        await run.BecomesAsync("web-2", r => r.State == "stopped");
        Assert.Equal(0, (await checkout.RunAsync("start", "web-2")).Code);
        await run.BecomesAsync("web-2", r => r.State == "running" && r.Pid > 0);
    }

    [Fact]
    public async Task A_name_that_nobody_has_breaks_nothing_and_is_answered_with_those_that_there_are()
    {
        await using var checkout = new Checkout();
        Assert.Equal(
            "error: there is no replica 'web-1'. Nothing runs; start a pattern with `samples run`.\n",
            (await checkout.RunAsync("kill", "web-1")).Errors);

        checkout.Add("tiny", Template(Entry("web", "appPort: 1"), Entry("web", "appPort: 2")));
        var run = await checkout.RunUntilReadyAsync("tiny", "--free-ports");
        var wrong = await checkout.RunAsync("freeze", "web-1", "web-3");
        Assert.Equal((1, "error: there is no replica 'web-3'. There are: web-1, web-2.\n"), (wrong.Code, wrong.Errors));
        Assert.Equal("running", (await run.ReplicaAsync("web-1")).State);
    }
}
