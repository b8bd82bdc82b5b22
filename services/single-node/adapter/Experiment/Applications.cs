using System.Diagnostics;
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
            if (await isSo())
                return Stopwatch.GetElapsedTime(began);
            await Task.Delay(25, cancel);
        }

        return null;
    }

    public void Dispose() => _http.Dispose();
}
