using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Samples.Experiments.WorkQueue;

/// <summary>The record of one item, as the queue tells it.</summary>
internal sealed record ItemRecord(string Id, string State, int Failures, int Completions);

/// <summary>What the queue says about scaling.</summary>
internal sealed record DemandRecord(double ArrivalsPerSecond, double SecondsPerItem, int Queued, int Workers);

/// <summary>The right to work on an item.</summary>
internal sealed record LeaseRecord(string Id, string Lease);

/// <summary>
/// The queue as any client has it: through a sidecar, by Dapr service invocation. Managers are killed and stand by in turn, so that every
/// request is tried again for some seconds.
/// </summary>
internal sealed class QueueView(Replica entrance) : IDisposable
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(2), LongestWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private readonly HttpClient _queue = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{entrance.DaprHttpPort}/v1.0/invoke/queue-manager/method/"),
    };

    private readonly HttpClient _direct = new() { Timeout = TimeSpan.FromSeconds(1) };

    public Task<Dictionary<string, int>> StatsAsync(CancellationToken cancel) => GetAsync<Dictionary<string, int>>("stats", cancel);

    public Task<ItemRecord[]> ItemsAsync(CancellationToken cancel) => GetAsync<ItemRecord[]>("items", cancel);

    public Task<DemandRecord> DemandAsync(CancellationToken cancel) => GetAsync<DemandRecord>("demand", cancel);

    /// <summary>Null where the queue doesn't know the item yet.</summary>
    public async Task<ItemRecord?> FindAsync(string id, CancellationToken cancel)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, "items/" + Uri.EscapeDataString(id)), cancel);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<ItemRecord>(Json, cancel) : null;
    }

    /// <summary>
    /// One request that makes a manager do nothing: what any invocation costs. Where the sidecar of the standby answers it instead, it has
    /// cost less, and counts all the same.
    /// </summary>
    public async Task PingAsync(CancellationToken cancel)
    {
        using var answer = await _queue.GetAsync("healthz", cancel);
    }

    public async Task<LeaseRecord?> LeaseAsync(string worker, CancellationToken cancel)
    {
        using var answer = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, "leases") { Content = JsonContent.Create(new { worker }) }, cancel);
        return await ItemOfAsync(answer, cancel);
    }

    /// <summary>Says that an item is done; the next one where a worker is named to get it.</summary>
    public async Task<LeaseRecord?> FinishAsync(LeaseRecord lease, string? next, CancellationToken cancel)
    {
        var end = $"leases/{lease.Lease}/items/{Uri.EscapeDataString(lease.Id)}/end";
        using var answer = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, end) { Content = JsonContent.Create(new { next }) }, cancel);
        answer.EnsureSuccessStatusCode();
        return await ItemOfAsync(answer, cancel);
    }

    private static async Task<LeaseRecord?> ItemOfAsync(HttpResponseMessage answer, CancellationToken cancel) =>
        answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<LeaseRecord>(Json, cancel) : null;

    public async Task ReplayAsync(string id, CancellationToken cancel)
    {
        using var answer = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, $"dead-letters/{Uri.EscapeDataString(id)}/replay"), cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The manager that is active, asked without sidecars between; null while there is none.</summary>
    public async Task<Replica?> ActiveManagerAsync(IFaults faults, CancellationToken cancel)
    {
        foreach (var manager in (await faults.ListAsync(cancel)).Where(r => r.AppId == "queue-manager"))
        {
            try
            {
                using var answer = await _direct.GetAsync($"http://127.0.0.1:{manager.AppPort}/demand", cancel);
                if (answer.IsSuccessStatusCode)
                    return manager;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                // That one is dead or frozen.
            }
        }

        return null;
    }

    private async Task<T> GetAsync<T>(string path, CancellationToken cancel)
    {
        using var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<T>(Json, cancel))!;
    }

    private static TimeSpan WaitAfter(int attempt) =>
        TimeSpan.FromMilliseconds(Math.Min(LongestWait.TotalMilliseconds, ShortestWait.TotalMilliseconds * Math.Pow(2, attempt - 2)));

    private async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var message = request();
                var answer = await _queue.SendAsync(message, cancel);
                if ((int)answer.StatusCode < 500 || Stopwatch.GetElapsedTime(began) > Patience)
                    return answer;
                answer.Dispose();
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(began) < Patience)
            {
                // The sidecar is away for a moment.
            }

            // The other replica at once. Where several clients take turns it may be the standby again: soon; a take-over takes longer.
            if (attempt > 1)
                await Task.Delay(WaitAfter(attempt), cancel);
        }
    }

    public void Dispose()
    {
        _queue.Dispose();
        _direct.Dispose();
    }
}
