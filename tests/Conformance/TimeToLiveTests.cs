using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Samples.Conformance;

/// <summary>A time to live counts from the due time: one that is shorter than the wait is no contradiction.</summary>
public sealed class TimeToLiveTests : IAsyncDisposable
{
    private readonly Machine _machine = new();

    [Theory]
    [InlineData("/v1.0-alpha1/jobs/j", "schedule", 204, "")]
    [InlineData("/v1.0/actors/Counter/1/reminders/r", "period", 204, "")]
    [InlineData("/v1.0-alpha1/jobs/j", null, 500, "job must have a schedule to have a ttl")]
    [InlineData("/v1.0/actors/Counter/1/reminders/r", null, 500, "job must have a schedule to have a ttl")]
    public async Task A_job_or_reminder_may_live_shorter_than_it_waits_and_one_that_comes_once_has_no_time_to_live(
        string path, string? recurs, int status, string why)
    {
        var port = await _machine.StartAppAsync(app =>
        {
            app.MapGet("/dapr/config", () => new { entities = new[] { "Counter" } });
            app.MapGet("/healthz", () => Results.Ok());
            app.MapFallback(() => Results.Ok());
        });
        using var http = Machine.Http(await _machine.StartAsync(
            Machine.Component("store", "state.in-memory", ("actorStateStore", "true")), port));
        var asked = new Dictionary<string, string> { ["dueTime"] = "60s", ["ttl"] = "30s" };
        if (recurs is not null)
            asked[recurs] = recurs == "period" ? "10s" : "@every 10s";
        var answer = await Machine.AskAsync(http, HttpMethod.Post, path, asked);
        Assert.Equal(status, answer.Status);
        Assert.Contains(why, answer.Body, StringComparison.Ordinal);
        Assert.Equal(status == 204, (await Machine.AskAsync(http, HttpMethod.Get, path)).Status == 200);
    }

    public ValueTask DisposeAsync() => _machine.DisposeAsync();
}
