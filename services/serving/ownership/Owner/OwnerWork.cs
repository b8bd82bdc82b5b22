using System.Net;

namespace Samples.Owner;

/// <summary>
/// What only the owner may do: it works for a moment and writes the result into the ledger, with its term as fencing token. Between the
/// look at the lease and the write, anything may happen: a pause of the garbage collector, a frozen machine, a slow network. A second
/// look right before the write would make that window smaller and never close it; only the ledger's refusal does.
/// </summary>
public sealed class OwnerWork(
    IEnumerable<Ownership> mechanisms, Ledger ledger, OwnerOptions options, TimeProvider time, ILogger<OwnerWork> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(mechanisms.Select(m => WorkAsync(m, stoppingToken)));

    private async Task WorkAsync(Ownership ownership, CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                var lease = ownership.Lease is { } held && held.IsValid(time) ? held : null;
                await Task.Delay(options.Work, time, stopping);
                if (lease is not null)
                    await WriteAsync(ownership.Mechanism, lease, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The hand-over is the candidate's.
        }
    }

    private async Task WriteAsync(string task, Lease lease, CancellationToken stopping)
    {
        try
        {
            if (await ledger.WriteAsync(task, lease.Term, stopping) == HttpStatusCode.Conflict)
                log.LogWarning("{Task}: the ledger refuses term {Term}, there is a newer owner", task, lease.Term);
        }
        catch (HttpRequestException error)
        {
            log.LogWarning("{Task}: nothing was written: {Problem}", task, error.Message);
        }
    }
}
