using Samples.Defaults;

namespace Samples.HealthAdapter;

/// <summary>Runs the checks, each by its own clock, and makes the service ready while all are healthy.</summary>
internal sealed class CheckLoop(
    IReadOnlyList<Check> checks, TimeSpan period, Readiness readiness, TimeProvider time, ILogger<CheckLoop> log) : BackgroundService
{
    private string? _told = "";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(checks.Select(c => RunAsync(c, stoppingToken)));

    private async Task RunAsync(Check check, CancellationToken stop)
    {
        await Task.Yield();
        using var timer = new PeriodicTimer(period, time);
        try
        {
            do
            {
                await check.RunOnceAsync(stop);
                Tell();
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is known is no longer asked for.
        }
    }

    private void Tell()
    {
        var problem = ProblemOf(checks);
        if (problem is null)
            readiness.Ready();
        else
            readiness.WaitFor(problem);
        var kind = problem is null ? null : string.Join(' ', checks.Where(c => c.View.Healthy != true).Select(c => c.Name));
        if (kind == Interlocked.Exchange(ref _told, kind))
            return;
        if (problem is null)
            log.LogInformation("healthy");
        else
            log.LogWarning("unhealthy: {Problem}", problem);
    }

    /// <summary>What keeps the whole from being healthy, in words; null when nothing does.</summary>
    public static string? ProblemOf(IReadOnlyList<Check> checks) =>
        checks.Select(c => (c.Name, c.View)).Where(c => c.View.Healthy != true)
            .Select(c => $"{c.Name}: {c.View.Problem ?? "It answers again, but not often enough yet."}").ToList() is { Count: > 0 } problems
            ? string.Join(' ', problems) : null;
}
