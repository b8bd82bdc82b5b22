using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.Adapter;

/// <summary>The applications behind the adapters, reached as their users reach them: through a sidecar.</summary>
internal sealed class Applications(ExperimentContext context) : IDisposable
{
    private readonly HttpClient _http =
        new() { BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("metrics-adapter").DaprHttpPort}/v1.0/invoke/") };

    private sealed record Address(string Host, int Port);

    /// <summary>The port of an application's own protocol.</summary>
    public async Task<int> PortOfAsync(string app, CancellationToken cancel) =>
        (await _http.GetFromJsonAsync<Address>($"{app}/method/address", cancel))!.Port;

    /// <summary>An order of the shop.</summary>
    public Task OrderAsync(string item, CancellationToken cancel) =>
        PostAsync($"legacy-shop/method/orders?item={Uri.EscapeDataString(item)}", cancel);

    /// <summary>The shop's own page of statistics.</summary>
    public Task<JsonElement> ShopStatisticsAsync(CancellationToken cancel) =>
        _http.GetFromJsonAsync<JsonElement>("legacy-shop/method/stats", cancel);

    /// <summary>Energy that went through the meter.</summary>
    public Task PulseAsync(string site, double kwh, CancellationToken cancel) =>
        PostAsync(FormattableString.Invariant($"legacy-meter/method/pulse?site={Uri.EscapeDataString(site)}&kwh={kwh}"), cancel);

    /// <summary>A job that ends in a stack trace.</summary>
    public Task FailAsync(string job, CancellationToken cancel) => PostAsync($"legacy-batch/method/jobs/{job}?fail=true", cancel);

    /// <summary>True when the application answers.</summary>
    public async Task<bool> AnswersAsync(string app, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            // One has nothing to look at, and says so.
            var path = app is "legacy-redis" or "legacy-meter" ? "address" : "";
            using var answer = await _http.GetAsync($"{app}/method/{path}", limit.Token);
            return answer.IsSuccessStatusCode || (app == "legacy-batch" && answer.StatusCode == HttpStatusCode.NotFound);
        }
        catch (Exception error) when (error is HttpRequestException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task PostAsync(string path, CancellationToken cancel)
    {
        using var answer = await _http.PostAsync(path, null, cancel);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Asks until something is so; how long that took, or null when it did not come in time.</summary>
    public static async Task<TimeSpan?> WaitAsync(Func<Task<bool>> isSo, TimeSpan patience, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < patience)
        {
            try
            {
                if (await isSo())
                    return Stopwatch.GetElapsedTime(began);
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(25, cancel);
        }

        return null;
    }

    public void Dispose() => _http.Dispose();
}
