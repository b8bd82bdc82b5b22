using System.Net;

namespace Samples.WorkerHost;

/// <summary>An item that this host may work on.</summary>
public sealed record ItemLease(string Id, string Lease, double Seconds, int Attempt);

/// <summary>
/// The queue by Dapr service invocation. Of the manager's replicas one is active: an error of the server's or the sidecar's means "ask
/// again", and so does a manager that is just being restarted.
/// </summary>
public sealed class QueueClient(HttpClient http)
{
    // A manager that is frozen takes a request and never answers it: give up soon, long before the lease is over.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // The second try may meet the standby again: then soon. A take-over takes longer.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(5), LongestWait = TimeSpan.FromMilliseconds(100);

    /// <summary>The next item; null where none is ready or no manager is active.</summary>
    public async Task<ItemLease?> LeaseAsync(string worker, CancellationToken cancel)
    {
        using var answer = await SendAsync("/leases", new { worker }, tries: 4, cancel);
        return await ItemOfAsync(answer, cancel);
    }

    /// <summary>False where the lease is lost; where nobody answers it may still be held.</summary>
    public async Task<bool> RenewAsync(ItemLease lease, CancellationToken cancel)
    {
        using var answer = await SendAsync(Path(lease, "renew"), null, tries: 4, cancel);
        return answer?.StatusCode is not (HttpStatusCode.Conflict or HttpStatusCode.NotFound);
    }

    /// <summary>
    /// Tells how it ended, for as long as it takes: the work is done and only needs to be recorded. In the same call it takes the next
    /// item for the worker that is named as <paramref name="next"/>; null where it is not named or none is ready.
    /// </summary>
    public async Task<(bool Recorded, ItemLease? Next)> EndAsync(
        ItemLease lease, string? failure, bool handedBack, string? next, CancellationToken cancel)
    {
        using var answer = await SendAsync(Path(lease, "end"), new { failure, handedBack, next }, tries: 300, cancel);
        return (answer?.IsSuccessStatusCode == true, await ItemOfAsync(answer, cancel));
    }

    private static async Task<ItemLease?> ItemOfAsync(HttpResponseMessage? answer, CancellationToken cancel) =>
        answer?.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<ItemLease>(cancel) : null;

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
