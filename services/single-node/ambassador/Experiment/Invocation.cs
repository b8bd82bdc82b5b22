using System.Diagnostics;
using System.Net.Http.Json;

namespace Samples.Experiments.Ambassador;

/// <summary>Asks services through a sidecar, by Dapr service invocation.</summary>
internal sealed class Invocation(Replica entrance) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{entrance.DaprHttpPort}/v1.0/invoke/") };

    public async Task<T> GetAsync<T>(string app, string path, CancellationToken cancel) =>
        (await _http.GetFromJsonAsync<T>($"{app}/method/{path}", cancel))!;

    public async Task<T> PostAsync<T>(string app, string path, object body, CancellationToken cancel)
    {
        using var answer = await _http.PostAsJsonAsync($"{app}/method/{path}", body, cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<T>(cancel))!;
    }

    /// <summary>Asks until the answer is as wanted; how long that took, or null when it did not come in time.</summary>
    public static async Task<TimeSpan?> WaitAsync(Func<Task<bool>> isSo, TimeSpan patience, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await isSo())
                return Stopwatch.GetElapsedTime(began);
            if (Stopwatch.GetElapsedTime(began) > patience)
                return null;
            await Task.Delay(25, cancel);
        }
    }

    public void Dispose() => _http.Dispose();
}
