namespace Samples.WorkerHost;

/// <summary>One item after the other: lease, fetch, run the program, say how it ended and get the next.</summary>
public sealed class Worker(
    QueueClient queue, ItemClient items, WorkerProgram program, WorkerOptions options, ILogger<Worker> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // A worker program need not make the folder that its results go to.
            Directory.CreateDirectory(options.Output);
            while (!stoppingToken.IsCancellationRequested)
            {
                var lease = await queue.LeaseAsync(options.Name, stoppingToken);
                if (lease is null)
                    await Task.Delay(options.Idle, stoppingToken);
                // Whatever comes with an answer is worked on or handed back, also while stopping.
                while (lease is not null)
                    lease = await WorkAsync(lease, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was begun has been handed back.
        }
    }

    // Returns the next item, which comes with the answer to how this one ended.
    private async Task<ItemLease?> WorkAsync(ItemLease lease, CancellationToken stopping)
    {
        using var work = new CancellationTokenSource();
        // Asked to stop, the host finishes the item that it has, or gives it back while there is still time for that.
        await using var giveUp = stopping.Register(() => work.CancelAfter(options.Drain));
        var renewal = RenewAsync(lease, work);
        var folder = Directory.CreateTempSubdirectory("samples-work-").FullName;
        string? failure;
        var handedBack = false;
        try
        {
            var file = Path.Combine(folder, Path.GetFileName(lease.Id));
            await items.FetchAsync(lease.Id, file, work.Token);
            var output = Path.Combine(options.Output, OutputName.Of(Path.GetFileName(lease.Id)));
            failure = await program.RunAsync(lease.Id, file, output, work.Token);
        }
        catch (OperationCanceledException)
        {
            handedBack = stopping.IsCancellationRequested;
            failure = handedBack ? "handed back, because this host stops" : "the lease was lost";
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            failure = $"The item cannot be fetched: {error.Message}";
        }
        finally
        {
            Remove(folder);
        }

        await work.CancelAsync();
        await renewal;
        // Also while stopping: an item that is handed back is tried by another at once, not after the lease.
        using var limit = new CancellationTokenSource(stopping.IsCancellationRequested ? TimeSpan.FromSeconds(3) : TimeSpan.FromMinutes(1));
        var worker = stopping.IsCancellationRequested ? null : options.Name;
        var (recorded, next) = await queue.EndAsync(lease, failure, handedBack, worker, limit.Token);
        log.LogInformation(
            "{Item} (attempt {Attempt}): {Result}",
            lease.Id,
            lease.Attempt,
            failure ?? (recorded ? "done" : "done, but the lease was lost"));
        return next;
    }

    private void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The worker program made something in it that stays: no reason to lose the item's result.
            log.LogWarning("{Folder} cannot be removed: {Problem}", folder, error.Message);
        }
    }

    // Says that the item is still worked on; stops the work when the lease is lost.
    private async Task RenewAsync(ItemLease lease, CancellationTokenSource work)
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromSeconds(lease.Seconds / 3));
            while (await timer.WaitForNextTickAsync(work.Token))
            {
                if (!await queue.RenewAsync(lease, work.Token))
                    await work.CancelAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The work is over.
        }
    }
}
