using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.ScatterGather;

/// <summary>One document of an answer.</summary>
internal sealed record FoundDocument(string Id, double Score);

/// <summary>How one leaf did.</summary>
internal sealed record LeafTime(int Leaf, string? Replica, double Ms, bool Hedged);

/// <summary>What the root answers.</summary>
internal sealed record FoundPage(int Total, FoundDocument[] Results, bool Partial, int[] MissingLeaves, LeafTime[] Leaves);

/// <summary>A search, how it ended and how long it took, as the client sees it.</summary>
/// <param name="Status">Of the answer.</param>
/// <param name="Page">Null where the status is no success.</param>
/// <param name="Ms">Milliseconds.</param>
/// <param name="Problem">The text of an answer that is no success.</param>
internal sealed record Search(HttpStatusCode Status, FoundPage? Page, double Ms, string? Problem)
{
    /// <summary>An answer of all leaves.</summary>
    public bool IsWhole => Page is { Partial: false };
}

/// <summary>What can be asked for beside the words. Null leaves it to the root.</summary>
internal sealed record SearchSettings(string? Mode = null, int? Leaves = null, int? DeadlineMs = null, bool Hedging = true);

/// <summary>The search as any client has it: through a sidecar, by Dapr service invocation.</summary>
internal sealed class SearchView(Replica entrance) : IDisposable
{
    private const int Attempts = 20;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _sidecar = new() { BaseAddress = new Uri($"http://127.0.0.1:{entrance.DaprHttpPort}/v1.0/invoke/") };

    /// <summary>One search, timed.</summary>
    public async Task<Search> SearchAsync(string words, SearchSettings settings, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        var query = $"q={Uri.EscapeDataString(words)}&hedging={(settings.Hedging ? "true" : "false")}"
            + $"&mode={settings.Mode}&leaves={settings.Leaves}&deadlineMs={settings.DeadlineMs}";
        using var answer = await _sidecar.GetAsync($"search-root/method/search?{query}", cancel);
        var page = answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<FoundPage>(Json, cancel) : null;
        var problem = page is null ? await answer.Content.ReadAsStringAsync(cancel) : null;
        return new Search(answer.StatusCode, page, Stopwatch.GetElapsedTime(began).TotalMilliseconds, problem);
    }

    /// <summary>Any request to the root, for the status and the text of its answer.</summary>
    public async Task<(int Status, string Text)> GetAsync(string pathAndQuery, CancellationToken cancel)
    {
        using var answer = await _sidecar.GetAsync("search-root/method" + pathAndQuery, cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
    }

    /// <summary>The same at the root's own port: the front door.</summary>
    public async Task<(int Status, string Text)> GetDirectlyAsync(string pathAndQuery, CancellationToken cancel)
    {
        using var answer = await _sidecar.GetAsync($"http://127.0.0.1:{entrance.AppPort}{pathAndQuery}", cancel);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
    }

    /// <summary>
    /// Makes a leaf's replica slow; 0 heals it. Sent again where a sidecar answers with an error: what is measured begins only afterwards.
    /// Throws <see cref="HttpRequestException"/> with the last answer's text.
    /// </summary>
    public async Task SlowDownAsync(string appId, int delayMs, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var answer = await _sidecar.PutAsJsonAsync($"{appId}/method/fault", new { delayMs }, cancel);
            if (answer.IsSuccessStatusCode)
                return;
            if (attempt == Attempts)
            {
                var text = await answer.Content.ReadAsStringAsync(cancel);
                throw new HttpRequestException($"{appId} cannot be made slow: {(int)answer.StatusCode} {text}");
            }

            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>Many searches by several clients, each of which sends its next one when it has the answer.</summary>
    public async Task<IReadOnlyList<Search>> SearchAllAsync(
        IEnumerable<string> queries, int clients, SearchSettings settings, CancellationToken cancel)
    {
        var waiting = new System.Collections.Concurrent.ConcurrentQueue<string>(queries);
        var searches = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var done = new List<Search>();
            while (waiting.TryDequeue(out var query))
                done.Add(await SearchAsync(query, settings, cancel));
            return done;
        }));
        return [.. searches.SelectMany(s => s)];
    }

    public void Dispose() => _sidecar.Dispose();
}
