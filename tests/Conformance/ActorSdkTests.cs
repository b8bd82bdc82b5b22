using System.Net;
using System.Net.Http.Json;
using Dapr.Actors;
using Dapr.Actors.Client;
using Dapr.Actors.Runtime;
using Microsoft.AspNetCore.Builder;
using Samples.Conformance.Daprd;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>Actors through the official SDK, on both sides: proxies that call, and an ASP.NET Core application that has them.</summary>
public sealed class ActorSdkTests : IAsyncDisposable
{
    private readonly ActorMachine _machine = new();

    [Fact]
    public async Task A_typed_and_an_untyped_proxy_reach_the_same_actor_and_its_state_is_kept()
    {
        var (sidecar, _) = await _machine.StartAsync();
        Assert.Equal(2, await ActorMachine.Counter(sidecar, "a").AddAsync(2));
        Assert.Equal(5, await ActorMachine.Counter(sidecar, "a").AddAsync(3));
        Assert.Equal(0, await ActorMachine.Counter(sidecar, "b").GetAsync());
        var untyped = ActorMachine.Proxies(sidecar).Create(new ActorId("a"), nameof(CounterActor));
        Assert.Equal(5, await untyped.InvokeMethodAsync<int>("GetAsync", Machine.Cancel));
        Assert.Equal(12, await untyped.InvokeMethodAsync<int, int>("AddAsync", 7, Machine.Cancel));
        Assert.Equal(["activate a", "activate b"], _machine.Diary.Entries);
    }

    [Fact]
    public async Task An_exception_of_an_actor_reaches_the_caller_with_its_type_and_message()
    {
        var (sidecar, _) = await _machine.StartAsync();
        var error = await Assert.ThrowsAsync<ActorMethodInvocationException>(
            () => ActorMachine.Counter(sidecar, "a").FailAsync("out of paper"));
        Assert.Contains("out of paper", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(nameof(InvalidOperationException), error.ToString(), StringComparison.Ordinal);
        // The actor is none the worse for it.
        Assert.Equal(1, await ActorMachine.Counter(sidecar, "a").AddAsync(1));
    }

    [Fact]
    public async Task Turns_of_one_actor_come_one_after_the_other_and_those_of_two_side_by_side()
    {
        var (sidecar, _) = await _machine.StartAsync();
        var overlaps = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ActorMachine.Counter(sidecar, "a").OverlapAsync(5)));
        Assert.All(overlaps, others => Assert.Equal(0, others));
        await Task.WhenAll(ActorMachine.Counter(sidecar, "a").MeetAsync("b"), ActorMachine.Counter(sidecar, "b").MeetAsync("a"));
        var adding = Enumerable.Range(0, 50).Select(_ => ActorMachine.Counter(sidecar, "b").AddAsync(1));
        Assert.Equal(Enumerable.Range(1, 50), (await Task.WhenAll(adding)).Order());
    }

    [Fact]
    public async Task A_chain_of_calls_comes_back_into_its_actor_where_reentrancy_is_on()
    {
        var (sidecar, _) = await _machine.StartAsync(Reentrant);
        Assert.Equal(5, await ActorMachine.Counter(sidecar, "a").CallBackAsync("b", 5));
    }

    [Fact, EmbeddedOnly("daprd 1.18 never frees the actors of a chain that was too deep")]
    public async Task A_chain_that_is_too_deep_fails_and_its_actors_go_on()
    {
        var (sidecar, _) = await _machine.StartAsync(Reentrant);
        // Eleven calls are six in one of the two actors: more than it allows.
        await Assert.ThrowsAnyAsync<Exception>(() => ActorMachine.Counter(sidecar, "a").CallBackAsync("b", 11));
        Assert.Equal(1, await ActorMachine.Counter(sidecar, "a").CallBackAsync("b", 1));
    }

    [Fact]
    public async Task Without_reentrancy_the_chain_waits_for_itself_until_its_caller_gives_up_and_then_goes_on()
    {
        var (sidecar, _) = await _machine.StartAsync();
        var impatient = new ActorProxyFactory(
            new ActorProxyOptions { HttpEndpoint = $"http://127.0.0.1:{sidecar.HttpPort}", RequestTimeout = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAnyAsync<Exception>(
            () => impatient.CreateActorProxy<ICounter>(new ActorId("a"), nameof(CounterActor)).CallBackAsync("b", 2));
        Assert.Equal(0, await ActorMachine.Counter(sidecar, "c").GetAsync());
    }

    [Fact, EmbeddedOnly("daprd 1.18 begins the next turn when the caller of this one gives up, while the application is still in it")]
    public async Task A_turn_whose_caller_gave_up_ends_before_the_next_one_begins()
    {
        var (sidecar, _) = await _machine.StartAsync();
        Assert.Equal(0, await ActorMachine.Counter(sidecar, "a").OverlapAsync(0));
        var impatient = new ActorProxyFactory(
            new ActorProxyOptions
            {
                HttpEndpoint = $"http://127.0.0.1:{sidecar.HttpPort}",
                RequestTimeout = TimeSpan.FromMilliseconds(300),
            });
        await Assert.ThrowsAnyAsync<Exception>(
            () => impatient.CreateActorProxy<ICounter>(new ActorId("a"), nameof(CounterActor)).OverlapAsync(1500));
        Assert.Equal(0, await ActorMachine.Counter(sidecar, "a").OverlapAsync(0));
    }

    [Fact]
    public async Task State_with_a_time_to_live_is_gone_after_it()
    {
        var configuration = Path.Combine(_machine.Folder, "config.yaml");
        await File.WriteAllTextAsync(configuration, """
            apiVersion: dapr.io/v1alpha1
            kind: Configuration
            metadata:
              name: config
            spec:
              features:
              - name: ActorStateTTL
                enabled: true
            """, Machine.Cancel);
        var (sidecar, _) = await _machine.StartAsync(configuration: configuration);
        await ActorMachine.Counter(sidecar, "a").SaveForAsync("long", 7, TimeSpan.FromHours(1));
        await ActorMachine.Counter(sidecar, "a").SaveForAsync("brief", 7, TimeSpan.FromSeconds(1));
        Assert.Equal(7, await ActorMachine.Counter(sidecar, "a").ReadAsync("long"));
        using var http = Machine.Http(sidecar);
        using var answer = await http.GetAsync("/v1.0/actors/CounterActor/a/state/long", Machine.Cancel);
        // Daprd's Redis does not tell.
        Assert.Equal(!Executables.AreGiven, answer.Headers.Contains("metadata.ttlexpiretime"));
        var patience = DateTime.UtcNow.AddSeconds(20);
        while ((await http.GetAsync("/v1.0/actors/CounterActor/a/state/brief", Machine.Cancel)).StatusCode == HttpStatusCode.OK)
            Assert.True(DateTime.UtcNow < patience, "still there");
        Assert.Equal(7, await ActorMachine.Counter(sidecar, "a").ReadAsync("long"));
    }

    [Fact]
    public async Task An_idle_actor_is_deactivated_and_comes_back_with_its_state()
    {
        var (sidecar, _) = await _machine.StartAsync(o =>
        {
            o.ActorIdleTimeout = TimeSpan.FromMilliseconds(500);
            o.Actors.RegisterActor<CounterActor>();
        });
        await ActorMachine.Counter(sidecar, "a").AddAsync(4);
        await _machine.Diary.WaitAsync("deactivate a");
        Assert.Equal(4, await ActorMachine.Counter(sidecar, "a").GetAsync());
        await _machine.Diary.WaitAsync("activate a", 2);
    }

    [Fact]
    public async Task Timers_tick_until_they_are_stopped()
    {
        var (sidecar, _) = await _machine.StartAsync();
        var counter = ActorMachine.Counter(sidecar, "a");
        await counter.TickAsync("fast", TimeSpan.Zero, TimeSpan.FromMilliseconds(50));
        await counter.TickAsync("once", TimeSpan.FromMilliseconds(20), CounterActor.Once);
        await _machine.Diary.WaitAsync("tick a fast", 3);
        await _machine.Diary.WaitAsync("tick a once");
        await counter.StopTickingAsync("fast");
        // The one that was on its way when it was stopped has its turn before this call.
        await counter.GetAsync();
        var ticks = _machine.Diary.Entries.Count;
        await counter.TickAsync("after", TimeSpan.FromMilliseconds(300), CounterActor.Once);
        await _machine.Diary.WaitAsync("tick a after");
        Assert.Equal(ticks + 1, _machine.Diary.Entries.Count);
        Assert.Single(_machine.Diary.Entries, "tick a once");
    }

    [Fact]
    public async Task Reminders_fire_as_often_as_asked_carry_their_data_and_can_be_replaced_and_removed()
    {
        var (sidecar, _) = await _machine.StartAsync();
        var counter = ActorMachine.Counter(sidecar, "a");
        await counter.RemindAsync("twice", TimeSpan.Zero, TimeSpan.FromSeconds(1), 2, "x");
        await counter.RemindAsync("later", TimeSpan.FromHours(1), CounterActor.Once, null, "y");
        Assert.NotNull(await counter.ReminderAsync("later"));
        await _machine.Diary.WaitAsync("remind a twice x", 2);
        await counter.RemindAsync("later", TimeSpan.FromMilliseconds(10), CounterActor.Once, null, "z");
        await _machine.Diary.WaitAsync("remind a later z");
        using var http = Machine.Http(sidecar);
        foreach (var name in (string[])["twice", "later"])
            await GoneAsync(http, $"/v1.0/actors/CounterActor/a/reminders/{name}");
        await counter.RemindAsync("never", TimeSpan.FromHours(1), TimeSpan.FromHours(1), null, "");
        await counter.ForgetAsync("never");
        await GoneAsync(http, "/v1.0/actors/CounterActor/a/reminders/never");
        Assert.DoesNotContain(_machine.Diary.Entries, e => e.EndsWith("later y", StringComparison.Ordinal));
        Assert.Equal(2, _machine.Diary.Entries.Count(e => e == "remind a twice x"));
    }

    [Fact]
    public async Task A_reminder_that_fails_is_tried_again_three_times_and_then_given_up()
    {
        var (sidecar, _) = await _machine.StartAsync();
        await ActorMachine.Counter(sidecar, "a").RemindAsync("failing", TimeSpan.Zero, CounterActor.Once, null, "");
        await _machine.Diary.WaitAsync("remind a failing", 4);
        using var http = Machine.Http(sidecar);
        await GoneAsync(http, "/v1.0/actors/CounterActor/a/reminders/failing");
        Assert.Equal(4, _machine.Diary.Entries.Count(e => e.StartsWith("remind a failing", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Two_replicas_share_actors_and_one_that_leaves_hands_its_own_over_with_their_state()
    {
        var (one, firstApp) = await _machine.StartAsync();
        var (two, _) = await _machine.StartAsync();
        for (var i = 0; i < 40; i++)
            Assert.Equal(1, await ActorMachine.Counter(i % 2 == 0 ? one : two, $"a{i}").AddAsync(1));
        var here = await CountAsync(one);
        Assert.InRange(here, 1, 39);
        Assert.Equal(40 - here, await CountAsync(two));
        await one.StopAsync();
        Assert.Equal(here, _machine.Diary.Entries.Count(e => e.StartsWith("deactivate", StringComparison.Ordinal)));
        for (var i = 0; i < 40; i++)
            Assert.Equal(2, await ActorMachine.Counter(two, $"a{i}").AddAsync(1));
        Assert.Equal(40, await CountAsync(two));
        Assert.NotNull(firstApp);
    }

    [Fact, EmbeddedOnly("daprd goes on calling a dead application until its placement is told")]
    public async Task A_call_to_a_replica_that_refuses_connections_goes_to_the_next_owner()
    {
        var (one, firstApp) = await _machine.StartAsync();
        var (two, _) = await _machine.StartAsync();
        for (var i = 0; i < 20; i++)
            await ActorMachine.Counter(two, $"a{i}").AddAsync(1);
        Assert.NotEqual(0, await CountAsync(one));
        await firstApp.StopAsync(Machine.Cancel);
        for (var i = 0; i < 20; i++)
            Assert.Equal(2, await ActorMachine.Counter(i % 2 == 0 ? one : two, $"a{i}").AddAsync(1));
    }

    [Fact]
    public async Task An_activation_that_outlived_its_sidecar_is_ended_before_the_actor_comes_back()
    {
        void Brief(ActorRuntimeOptions o)
        {
            o.DrainOngoingCallTimeout = TimeSpan.FromMilliseconds(100);
            o.Actors.RegisterActor<CounterActor>();
        }

        var (one, _) = await _machine.StartAsync(Brief);
        Assert.Equal(1, await ActorMachine.Counter(one, "a").AddAsync(1));
        var turn = ActorMachine.Counter(one, "a").OverlapAsync(2000);
        var (two, _) = await _machine.StartAsync(Brief);
        await Task.WhenAny(turn, one.StopAsync());
        // Still in its turn where it was: it is added to only after that.
        Assert.Equal(2, await ActorMachine.Counter(two, "a").AddAsync(1));
        var again = await _machine.Dapr.AddAsync(one.Options with { HttpPort = one.HttpPort }, Machine.Cancel);
        await again.WaitForAppAsync(Machine.Cancel);
        await two.StopAsync();
        Assert.Equal(3, await ActorMachine.Counter(again, "a").AddAsync(1));
    }

    private static void Reentrant(ActorRuntimeOptions options)
    {
        options.ReentrancyConfig = new ActorReentrancyConfig { Enabled = true, MaxStackDepth = 4 };
        options.Actors.RegisterActor<CounterActor>();
    }

    private static async Task<int> CountAsync(ITestedSidecar sidecar)
    {
        using var http = Machine.Http(sidecar);
        var metadata = await http.GetFromJsonAsync<System.Text.Json.Nodes.JsonNode>("/v1.0/metadata", Machine.Cancel);
        return metadata!["actorRuntime"]!["activeActors"]![0]!["count"]?.GetValue<int>() ?? 0;
    }

    private static async Task GoneAsync(HttpClient http, string path)
    {
        var patience = DateTime.UtcNow.AddSeconds(20);
        while ((await http.GetAsync(path, Machine.Cancel)).StatusCode != HttpStatusCode.NotFound)
            Assert.True(DateTime.UtcNow < patience, $"{path} is still there");
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
