namespace Samples.QueueManager;

/// <summary>The manager's life: be active or stand by; while active, find new items and take back what workers have lost.</summary>
public sealed class ActiveManager(
    Leadership leadership,
    WorkQueue queue,
    Source source,
    QueueOptions options,
    TimeProvider time,
    ILogger<ActiveManager> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.WhenAll(
            EachAsync(options.Leadership / 3, BeatAsync, stoppingToken),
            EachAsync(options.Period, FindAsync, stoppingToken),
            EachAsync(options.Lease / 4, cancel => leadership.IsHeld ? queue.TakeBackAsync(cancel) : Task.CompletedTask, stoppingToken));
        // Hand over instead of letting the other one wait.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await leadership.ReleaseAsync(limit.Token);
    }

    private long _loadedTerm = -1;

    /// <summary>True while this replica answers for the queue: it is the leader and has read the book since it became one.</summary>
    public bool IsActive => leadership.IsHeld && Volatile.Read(ref _loadedTerm) == leadership.Term;

    private async Task BeatAsync(CancellationToken cancel)
    {
        await leadership.BeatAsync(cancel);
        if (!leadership.IsHeld || IsActive)
            return;
        await queue.LoadAsync(cancel);
        Volatile.Write(ref _loadedTerm, leadership.Term);
        log.LogInformation(
            "active in term {Term}: {Items}", leadership.Term, string.Join(", ", queue.Count().Select(c => $"{c.Value} {c.Key}")));
    }

    private async Task FindAsync(CancellationToken cancel)
    {
        if (IsActive && !await queue.AddAsync(await source.ListAsync(cancel), cancel))
            Volatile.Write(ref _loadedTerm, -1);
    }

    private async Task EachAsync(TimeSpan period, Func<CancellationToken, Task> act, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(period, time);
        do
        {
            try
            {
                await act(stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                // The sidecar, the store or the source is away: the next turn tries again.
                log.LogWarning("{Problem}", error.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (await NextAsync(timer, stopping));
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
