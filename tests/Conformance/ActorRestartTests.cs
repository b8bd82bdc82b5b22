using Microsoft.AspNetCore.Builder;
using Samples.Runtime;
using Xunit;

namespace Samples.Conformance;

/// <summary>What survives: the application's end, the runtime's end, both.</summary>
public sealed class ActorRestartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("samples-restart-").FullName;

    [Fact, EmbeddedOnly("the whole runtime starts again; daprd's reminders are kept by the scheduler")]
    public async Task A_reminder_and_state_survive_the_runtime_and_a_reminder_that_was_missed_fires_once()
    {
        await using (var first = new ActorMachine(_folder))
        {
            var (sidecar, _) = await first.StartAsync();
            await ActorMachine.Counter(sidecar, "a").AddAsync(3);
            await ActorMachine.Counter(sidecar, "a").RemindAsync("often", TimeSpan.FromMilliseconds(1), TimeSpan.FromHours(1), null, "x");
            await first.Diary.WaitAsync("remind a often x");
            await ActorMachine.Counter(sidecar, "a").RemindAsync("missed", TimeSpan.FromSeconds(1), CounterActor.Once, null, "y");
            await ActorMachine.Counter(sidecar, "a").RemindAsync(
                "missed often", TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(400), null, "z");
            Assert.DoesNotContain(first.Diary.Entries, e => e.Contains("missed", StringComparison.Ordinal));
        }

        // Longer than several periods, so that more than one was missed.
        await Task.Delay(TimeSpan.FromSeconds(2.5), Machine.Cancel);
        await using (var second = new ActorMachine(_folder))
        {
            var (sidecar, _) = await second.StartAsync();
            await second.Diary.WaitAsync("remind a missed y");
            // The rhythm goes on: not all that was missed at once.
            var began = DateTime.UtcNow;
            await second.Diary.WaitAsync("remind a missed often z", 3);
            Assert.True(DateTime.UtcNow - began > TimeSpan.FromMilliseconds(400), "fired in a burst");
            Assert.Equal(3, await ActorMachine.Counter(sidecar, "a").GetAsync());
            Assert.Single(second.Diary.Entries, "remind a missed y");
            Assert.DoesNotContain("remind a often x", second.Diary.Entries);
        }

        await using var third = new ActorMachine(_folder);
        var (last, _) = await third.StartAsync();
        Assert.Null(await ReminderAsync(last, "missed"));
        Assert.NotNull(await ReminderAsync(last, "often"));
    }

    [Fact]
    public async Task A_reminder_that_comes_due_while_no_application_is_there_waits_for_it()
    {
        await using var machine = new ActorMachine(_folder);
        var (sidecar, app) = await machine.StartAsync();
        await ActorMachine.Counter(sidecar, "a").RemindAsync("soon", TimeSpan.FromMilliseconds(500), CounterActor.Once, null, "x");
        await app.StopAsync(Machine.Cancel);
        await Task.Delay(TimeSpan.FromSeconds(1), Machine.Cancel);
        Assert.DoesNotContain(machine.Diary.Entries, e => e.StartsWith("remind", StringComparison.Ordinal));
        await machine.StartAppAsync(sidecar.Options.AppPort!.Value, sidecar.HttpPort, o => o.Actors.RegisterActor<CounterActor>());
        await machine.Diary.WaitAsync("remind a soon x");
        Assert.Single(machine.Diary.Entries, "remind a soon x");
    }

    [Fact, EmbeddedOnly("the whole runtime starts again; daprd's jobs are kept by the scheduler")]
    public async Task A_job_survives_the_runtime_and_is_delivered_when_its_application_is_there()
    {
        await using (var first = new ActorMachine(_folder))
        {
            var (sidecar, _) = await first.StartAsync();
            using var http = Machine.Http(sidecar);
            foreach (var (name, due) in ((string, string)[])[("missed", "1s"), ("later", "1h")])
                Assert.Equal(
                    204, (await Machine.AskAsync(http, HttpMethod.Post, $"/v1.0/jobs/{name}", new { dueTime = due, data = name })).Status);
        }

        await Task.Delay(TimeSpan.FromSeconds(1.5), Machine.Cancel);
        await using var machine = new Machine();
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var port = await machine.StartAppAsync(
            app => app.MapPost("/job/{name}", async (string name, Microsoft.AspNetCore.Http.HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            received.TrySetResult($"{name} {await body.ReadToEndAsync()}");
        }));
        await using var runtime = Machine.Start(_folder);
        var again = await runtime.AddAsync(new SidecarOptions("app1") { AppPort = port, DataDirectory = _folder }, Machine.Cancel);
        Assert.Equal("missed \"missed\"", await received.Task.WaitAsync(TimeSpan.FromSeconds(20), Machine.Cancel));
        using var client = Machine.Http(again);
        Assert.Equal(200, (await Machine.AskAsync(client, HttpMethod.Get, "/v1.0/jobs/later")).Status);
    }

    private static async Task<string?> ReminderAsync(ITestedSidecar sidecar, string name)
    {
        using var http = Machine.Http(sidecar);
        var (status, body) = await Machine.AskAsync(
            http, HttpMethod.Get, $"/v1.0/actors/CounterActor/a/reminders/{Uri.EscapeDataString(name)}");
        return status == 200 ? body : null;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
