using Dapr.Client;

namespace Samples.Report;

/// <summary>
/// Writes a file a run through the output binding, and again whenever more has come of the run. The book knows what belongs into it, so
/// that writing it twice does no harm; after a start the files of the last runs are written again.
/// </summary>
public sealed class ReportWriter(RunBook book, DaprClient dapr, ReportOptions options, TimeProvider time, ILogger<ReportWriter> log)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var looked = false;
        using var timer = new PeriodicTimer(options.Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                looked = await TryAsync(looked, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // What has come since the last time is in the book, and in a file after the next start.
        }
    }

    private async Task<bool> TryAsync(bool looked, CancellationToken cancel)
    {
        try
        {
            foreach (var run in looked ? [] : await book.RecentAsync(cancel))
                book.Behind[run] = 0;
            foreach (var run in book.Behind.Keys)
            {
                // Before it is read: what comes meanwhile makes it behind again.
                book.Behind.TryRemove(run, out _);
                await WriteAsync(run, cancel);
            }

            return true;
        }
        catch (Exception error) when (error is Dapr.DaprException or Grpc.Core.RpcException && !cancel.IsCancellationRequested)
        {
            log.LogWarning("a report could not be written and is tried again: {Problem}", error.GetBaseException().Message);
            return looked;
        }
    }

    private async Task WriteAsync(string run, CancellationToken cancel)
    {
        try
        {
            var report = new { run, parts = await book.ReadAsync(run, cancel) };
            await dapr.InvokeBindingAsync(
                options.Binding, "create", report, new Dictionary<string, string> { ["fileName"] = run + ".json" }, cancel);
        }
        catch
        {
            book.Behind[run] = 0;
            throw;
        }
    }
}
