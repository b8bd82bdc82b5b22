using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Conformance;

/// <summary>A time to live counts from the due time: one that is shorter than the wait is no contradiction.</summary>
public sealed class TimeToLiveTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory]
    [InlineData("/v1.0-alpha1/jobs/j")]
    [InlineData("/v1.0/actors/Counter/1/reminders/r")]
    public async Task A_job_or_reminder_may_live_shorter_than_it_waits(string path)
    {
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/config", () => new { entities = new[] { "Counter" } });
            app.MapGet("/healthz", () => Results.Ok());
            app.MapFallback(() => Results.Ok());
        });
        using var http = Machine.Http(await _machine.StartAsync(
            Machine.Component("store", "state.in-memory", ("actorStateStore", "true")), port));
        var answer = await Machine.AskAsync(http, HttpMethod.Post, path, new { dueTime = "60s", ttl = "30s" });
        Assert.Equal((204, ""), answer);
        Assert.Equal(200, (await Machine.AskAsync(http, HttpMethod.Get, path)).Status);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
