using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Samples.Runtime.BuildingBlocks;
using Samples.Runtime.Testing;
using Xunit;

namespace Samples.Unit.Testing;

/// <summary>Time that a test moves: what comes due in it is done, each at its own moment, and nothing else is.</summary>
public sealed class TimeTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TestClock _clock = new(Start);
    private readonly List<DateTimeOffset> _times = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Jobs_run_when_their_time_comes()
    {
        await using var dapr = new TestDapr(_clock);
        var app = await dapr.StartAsync("app", web => web.MapPost("/job/nightly", Note), cancel: Cancel);
        await app.SidecarHttp.PostAsJsonAsync("/v1.0-alpha1/jobs/nightly", new { schedule = "0 30 2 * * *", data = "run" }, Cancel);

        await dapr.AdvanceAsync(TimeSpan.FromMinutes(149), Cancel);
        Assert.Empty(_times);
        await dapr.AdvanceAsync(TimeSpan.FromDays(3), Cancel);

        Assert.Equal([At(0), At(1), At(2)], _times);
        var job = await app.ReceivesJobAsync("nightly", Cancel);
        Assert.Equal((DeliveryKind.Job, "run"), (job.Kind, job.Data<string>()));

        static DateTimeOffset At(int day) => Start.AddDays(day).AddHours(2.5);
    }

    [Fact]
    public async Task Cron_ticks_when_its_time_comes()
    {
        await using var dapr = new TestDapr(_clock).WithComponent("tick", "bindings.cron", ("schedule", "@every 10m"));
        var app = await dapr.StartAsync("app", web => web.MapPost("/tick", Note), cancel: Cancel);

        await dapr.AdvanceAsync(TimeSpan.FromMinutes(9.9), Cancel);
        Assert.Empty(_times);
        await dapr.AdvanceAsync(TimeSpan.FromMinutes(25), Cancel);

        Assert.Equal([Start.AddMinutes(10), Start.AddMinutes(20), Start.AddMinutes(30)], _times);
        Assert.Equal(DeliveryResult.Success, (await app.ReceivesBindingAsync("tick", Cancel)).Result);
    }

    [Fact]
    public async Task Two_schedules_go_on_side_by_side_however_slow_one_is()
    {
        await using var dapr = new TestDapr(_clock)
            .WithComponent("fast", "bindings.cron", ("schedule", "@every 1s"))
            .WithComponent("slow", "bindings.cron", ("schedule", "@every 1s"));
        var slow = 0;
        await dapr.StartAsync("app", web =>
        {
            web.MapPost("/fast", Note);
            web.MapPost("/slow", async () =>
            {
                for (var i = 0; i < 20; i++)
                    await Task.Yield();
                Interlocked.Increment(ref slow);
            });
        }, cancel: Cancel);

        await dapr.AdvanceAsync(TimeSpan.FromMinutes(2), Cancel);

        Assert.Equal((120, 120), (_times.Count, slow));
    }

    [Theory, InlineData("state.in-memory"), InlineData("state.sqlite")]
    public async Task Reminders_of_actors_come_at_their_time_and_end_with_their_time_to_live(string store)
    {
        await using var dapr = new TestDapr(_clock)
            .WithComponent("actors", store, [("actorStateStore", "true"), .. File(store)]);
        var app = await dapr.StartAsync("app", Actors, cancel: Cancel);
        await app.SidecarHttp.PostAsJsonAsync(
            "/v1.0/actors/Account/7/reminders/fee", new { dueTime = "1h", period = "1h", ttl = "150m", data = "monthly" }, Cancel);

        await dapr.AdvanceAsync(TimeSpan.FromMinutes(59), Cancel);
        Assert.Empty(_times);
        await dapr.AdvanceAsync(TimeSpan.FromDays(1), Cancel);

        Assert.Equal([Start.AddHours(1), Start.AddHours(2), Start.AddHours(3)], _times);
        var reminder = await dapr.RemindsAsync("Account", "7", "fee", Cancel);
        Assert.Equal((DeliveryResult.Success, "Account/7", "monthly"), (reminder.Result, reminder.AppId, reminder.Data<string>()));
    }

    [Fact]
    public async Task An_actor_is_deactivated_when_it_was_idle_for_long_enough()
    {
        await using var dapr = new TestDapr(_clock).WithComponent("actors", "state.in-memory", ("actorStateStore", "true"));
        var deactivated = 0;
        var app = await dapr.StartAsync("app", web =>
        {
            Actors(web);
            web.MapDelete("/actors/Account/7", () => deactivated++);
        }, cancel: Cancel);
        using var answer = await app.SidecarHttp.PutAsync("/v1.0/actors/Account/7/method/any", null, Cancel);
        Assert.True(answer.IsSuccessStatusCode);

        await dapr.AdvanceAsync(TimeSpan.FromMinutes(9), Cancel);
        Assert.Equal(0, deactivated);
        await dapr.AdvanceAsync(TimeSpan.FromMinutes(2), Cancel);

        Assert.Equal(1, deactivated);
    }

    [Theory, InlineData("state.in-memory"), InlineData("state.sqlite")]
    public async Task State_expires(string store)
    {
        await using var dapr = new TestDapr(_clock).WithComponent("store", store, File(store));
        var app = await dapr.AddSidecarAsync("app", Cancel);
        await app.SidecarHttp.PostAsJsonAsync(
            "/v1.0/state/store", new[] { new { key = "a", value = 1, metadata = new { ttlInSeconds = "60" } } }, Cancel);

        await dapr.AdvanceAsync(TimeSpan.FromSeconds(59), Cancel);
        Assert.True(await app.State("store").HasAsync("a", Cancel));
        await dapr.AdvanceAsync(TimeSpan.FromSeconds(2), Cancel);

        Assert.False(await app.State("store").HasAsync("a", Cancel));
        Assert.Empty(await app.State("store").KeysAsync(Cancel));
        Assert.Equal("", await app.SidecarHttp.GetStringAsync("/v1.0/state/store/a", Cancel));
    }

    [Fact]
    public async Task A_clock_of_somebody_else_is_moved_by_itself_and_deliveries_are_awaited()
    {
        var clock = new FakeTimeProvider(Start);
        await using var dapr = new TestDapr(clock);
        var app = await dapr.StartAsync("app", web => web.MapPost("/job/once", Note), cancel: Cancel);
        await app.SidecarHttp.PostAsJsonAsync("/v1.0-alpha1/jobs/once", new { dueTime = "1h" }, Cancel);

        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(DeliveryResult.Success, (await app.ReceivesJobAsync("once", Cancel)).Result);
        var error = await Assert.ThrowsAsync<TestDaprException>(() => dapr.AdvanceAsync(TimeSpan.FromHours(1), Cancel));
        Assert.Contains("new TestDapr(new TestClock())", error.Message, StringComparison.Ordinal);
    }

    private static (string, string)[] File(string store) => store == "state.sqlite" ? [("connectionString", "data.db")] : [];

    private void Note()
    {
        lock (_times)
            _times.Add(_clock.GetUtcNow());
    }

    private void Actors(WebApplication web)
    {
        web.MapGet("/dapr/config", () => new { entities = new[] { "Account" }, actorIdleTimeout = "10m" });
        web.MapPut("/actors/Account/{id}/method/remind/{name}", Note);
        web.MapPut("/actors/Account/{id}/method/{name}", () => Results.Ok());
        web.MapGet("/healthz", () => Results.Ok());
    }
}
