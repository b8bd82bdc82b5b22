using System.Net;

namespace Samples.WorkerHost;

/// <summary>An item that this host may work on.</summary>
public sealed record ItemLease(string Id, string Lease, double Seconds, int Attempt);

/// <summary>
/// The queue by Dapr service invocation. Invocation takes turns over the replicas of the manager, of which one is active: 503 means
/// "ask again", and so does a manager that is just being restarted.
/// </summary>
public sealed class QueueClient(HttpClient http)
{
    // A manager that is frozen takes a request and never answers it: give up soon, long before the lease is over.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Where several workers take turns, the second try may meet the standby again: then soon. A take-over takes longer.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5), LongestWait = TimeSpan.FromMilliseconds(100);

    /// <summary>The next item; null where none is ready or no manager is active.</summary>
    public async Task<ItemLease?> LeaseAsync(string worker, CancellationToken cancel)
    {
        using var answer = await SendAsync("/leases", new { worker }, tries: 4, cancel);
        return answer?.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<ItemLease>(cancel) : null;
    }

    /// <summary>False where the lease is lost; where nobody answers it may still be held.</summary>
    public async Task<bool> RenewAsync(ItemLease lease, CancellationToken cancel)
    {
        using var answer = await SendAsync(Path(lease, "renew"), null, tries: 4, cancel);
        return answer?.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound);
    }

    /// <summary>Tells how it ended, for as long as it takes: the work is done and only needs to be recorded.</summary>
    public async Task<bool> EndAsync(ItemLease lease, string? failure, bool handedBack, CancellationToken cancel)
    {
        using var answer = await SendAsync(Path(lease, "end"), new { failure, handedBack }, tries: 300, cancel);
        return answer?.IsSuccessStatusCode == true;
    }

    private static string Path(ItemLease lease, string action) => $"/leases/{lease.Lease}/items/{Uri.EscapeDataString(lease.Id)}/{action}";

    private static TimeSpan WaitAfter(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(LongestWait.TotalMilliseconds, ShortestWait.TotalMilliseconds * Math.Pow(2, attempt - 2)));

    private async Task<HttpResponseMessage?> SendAsync(string path, object? body, int tries, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(Patience);
            try
            {
                var answer = await http.PostAsJsonAsync(path, body, limit.Token);
                if ((int)answer.StatusCode < 500)
                    return answer;
                answer.Dispose();
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
            {
                // The sidecar is away, or the manager is.
            }

            if (attempt == tries)
                return null;
            // The other replica at once.
            if (attempt > 1)
                await Task.Delay(WaitAfter(attempt), cancel);
        }
    }
}
