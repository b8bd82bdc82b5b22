namespace Samples.Owner;

/// <summary>
/// The life of this replica in each mechanism: beat after beat, and a hand-over when it is asked to stop. The beats are jittered, so that
/// replicas that started together don't ask together for ever. The hand-over comes before anything else of this process stops: an actor
/// can only step down while its application still answers.
/// </summary>
public sealed class Candidate(
    IEnumerable<Ownership> mechanisms,
    OwnerOptions options,
    TimeProvider time,
    Random random,
    ILogger<Candidate> log) : BackgroundService, IHostedLifecycleService
{
    // Never longer than a renewal period: others rely on it.
    private const double LeastJitter = 0.75, MostJitter = 0.95;

    private readonly CancellationTokenSource _leaving = new();
    private Task _lives = Task.CompletedTask;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        _lives = Task.WhenAll(mechanisms.Select(m => LiveAsync(m, _leaving.Token)));

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _leaving.CancelAsync();
        await _lives.WaitAsync(cancellationToken);
    }

    private async Task LiveAsync(Ownership ownership, CancellationToken leaving)
    {
        try
        {
            while (true)
            {
                var wait = await BeatAsync(ownership);
                var jitter = LeastJitter + random.NextDouble() * (MostJitter - LeastJitter);
                await Task.Delay(TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 1, (long)(options.Renewal.Ticks * jitter))), time, leaving);
            }
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            await ReleaseAsync(ownership);
        }
    }

    private async Task<TimeSpan> BeatAsync(Ownership ownership)
    {
        var before = ownership.Lease?.Term;
        // A call that hangs must not keep this replica from trying again while its lease still lasts. A stop does not cut a beat off: what
        // the store does with a request that nobody waits for, nobody could hand over.
        using var limit = new CancellationTokenSource(options.Renewal, time);
        try
        {
            var wait = await ownership.BeatAsync(limit.Token);
            if (ownership.Lease is { } lease && lease.Term != before)
                log.LogInformation("owns {Task} in term {Term}", ownership.Mechanism, lease.Term);
            return wait;
        }
        catch (Exception error)
        {
            log.LogWarning("{Task}: {Problem}", ownership.Mechanism, error.Message);
            return options.Renewal / 8;
        }
    }

    private async Task ReleaseAsync(Ownership ownership)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2), time);
        try
        {
            await ownership.ReleaseAsync(limit.Token);
        }
        catch (Exception error)
        {
            log.LogWarning("{Task} could not be handed over, it ends with its lease: {Problem}", ownership.Mechanism, error.Message);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _leaving.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
