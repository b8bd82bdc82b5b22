using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace Samples.Experiments.Replicated;

/// <summary>One request as its client saw it.</summary>
/// <param name="Status">Of the answer; 0 where there was none.</param>
/// <param name="Replica">Whose answer it is.</param>
/// <param name="IsHit">Whether a cache gave it.</param>
/// <param name="Cookie">What the answer set, without its attributes.</param>
/// <param name="Ms">Milliseconds to the whole answer.</param>
/// <param name="Problem">What went wrong on the way.</param>
internal sealed record Asked(int Status, string? Replica, bool IsHit, string? Cookie, double Ms, string? Problem)
{
    /// <summary>An answer of the dictionary, whole.</summary>
    public bool IsAnswered => Status == 200;
}

/// <summary>What a replica says of itself.</summary>
internal sealed record DictionaryStats(string Replica, long Requests, long Early);

/// <summary>
/// The dictionary as clients have it: at the balancer right before the replicas, and at the front door before the caches.
/// </summary>
internal sealed class ReplicatedView : IDisposable
{
    private readonly HttpClient _http =
        new(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 128 }) { Timeout = TimeSpan.FromSeconds(60) };
    private readonly string[] _words;

    public ReplicatedView(ExperimentContext context, string[] words)
    {
        _words = words;
        Balancer = $"http://127.0.0.1:{context.ReplicaOf("balancer").AppPort}";
        Door = $"http://127.0.0.1:{context.ReplicaOf("front-door").AppPort}";
        Sidecar = $"http://127.0.0.1:{context.ReplicaOf("front-door").DaprHttpPort}";
    }

    /// <summary>Right before the replicas.</summary>
    public string Balancer { get; }

    /// <summary>Before the caches, with limits.</summary>
    public string Door { get; }

    /// <summary>A sidecar: the way by Dapr invocation.</summary>
    public string Sidecar { get; }

    /// <summary>All words, in order.</summary>
    public IReadOnlyList<string> Words => _words;

    /// <summary>
    /// Where a word is looked up, with more of a query where there is more. One with a # comes in the query (see the dictionary).
    /// </summary>
    public static string Define(string word, string more = "")
    {
        var name = Uri.EscapeDataString(word);
        return word.Contains('#')
            ? $"/define?word={name}{(more.Length > 0 ? "&" : "")}{more}"
            : $"/define/{name}{(more.Length > 0 ? "?" : "")}{more}";
    }

    /// <summary>Any word.</summary>
    public string AnyWord(Random random) => _words[random.Next(_words.Length)];

    /// <summary>A GET, as a client at some address sends it.</summary>
    public async Task<Asked> GetAsync(string address, string path, CancellationToken cancel, string? client = null, string? cookie = null)
    {
        var began = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(HttpMethod.Get, address + path);
        if (client is not null)
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", client);
        if (cookie is not null)
            request.Headers.TryAddWithoutValidation("Cookie", cookie);
        try
        {
            using var answer = await _http.SendAsync(request, cancel);
            await answer.Content.ReadAsByteArrayAsync(cancel);
            return new Asked((int)answer.StatusCode, Header(answer, "X-Replica"), IsHit(answer),
                Header(answer, "Set-Cookie")?.Split(';')[0], Stopwatch.GetElapsedTime(began).TotalMilliseconds, null);
        }
        catch (HttpRequestException error)
        {
            return new Asked(0, null, false, null, Stopwatch.GetElapsedTime(began).TotalMilliseconds, error.Message);
        }
    }

    /// <summary>The whole answer, for looking at.</summary>
    public async Task<HttpResponseMessage> AskAsync(
        string address, string path, string client, CancellationToken cancel, string? name = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address + path);
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", client);
        if (name is not null)
            request.Headers.TryAddWithoutValidation("X-Client", name);
        return await _http.SendAsync(request, cancel);
    }

    /// <summary>What the replicas that run have answered since they started.</summary>
    public async Task<IReadOnlyList<DictionaryStats>> StatsAsync(IEnumerable<Replica> replicas, CancellationToken cancel)
    {
        var stats = new List<DictionaryStats>();
        foreach (var replica in replicas.Where(r => r.AppId == "dictionary"))
            stats.Add((await _http.GetFromJsonAsync<DictionaryStats>($"http://127.0.0.1:{replica.AppPort}/stats", cancel))!);
        return stats;
    }

    /// <summary>Requests one after the other by several clients at once, until so many are done.</summary>
    public static async Task<IReadOnlyList<Asked>> ManyAsync(int count, int clients, Func<int, Task<Asked>> ask)
    {
        var next = -1;
        var done = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            var own = new List<Asked>();
            while (Interlocked.Increment(ref next) is var i && i < count)
                own.Add(await ask(i));
            return own;
        }));
        return [.. done.SelectMany(d => d)];
    }

    /// <summary>
    /// Requests that begin at fixed times, whether or not earlier ones are answered, until <paramref name="ended"/> says so.
    /// </summary>
    public static async Task<IReadOnlyList<Asked>> OpenLoopAsync(
        TimeSpan interval, Func<bool> ended, Func<int, Task<Asked>> ask, CancellationToken cancel)
    {
        var asked = new List<Task<Asked>>();
        using var timer = new PeriodicTimer(interval);
        while (!ended() && await timer.WaitForNextTickAsync(cancel))
            asked.Add(ask(asked.Count));
        return await Task.WhenAll(asked);
    }

    /// <summary>Waits until the balancer sees so many replicas that are healthy.</summary>
    public async Task WaitHealthyAsync(int count, CancellationToken cancel)
    {
        while (true)
        {
            var replicas = await _http.GetFromJsonAsync<SeenReplica[]>(Balancer + "/replicas", cancel) ?? [];
            if (replicas.Count(r => r is { Active: "healthy", Passive: not "unhealthy" }) >= count)
                return;
            await Task.Delay(50, cancel);
        }
    }

    /// <summary>Waits until who sends a replica its requests sees that it is healthy.</summary>
    public async Task WaitHealthyAsync(Replica replica, CancellationToken cancel)
    {
        var balancer = replica.AppId == "cache" ? Door : Balancer;
        while (true)
        {
            var replicas = await _http.GetFromJsonAsync<SeenReplica[]>(balancer + "/replicas", cancel) ?? [];
            if (replicas.Any(r => r.Name == replica.Name && r is { Active: "healthy", Passive: not "unhealthy" }))
                return;
            await Task.Delay(50, cancel);
        }
    }

    /// <summary>Whether a cache gave this answer.</summary>
    public static bool IsHit(HttpResponseMessage answer) => Header(answer, "X-Cache") == "HIT";

    /// <summary>Waits until a replica itself says that it is ready.</summary>
    public async Task WaitReadyAsync(Replica replica, CancellationToken cancel)
    {
        while ((await GetAsync($"http://127.0.0.1:{replica.AppPort}", "/readyz", cancel)).Status != 200)
            await Task.Delay(20, cancel);
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private sealed record SeenReplica(string Name, string Active, string Passive);

    public void Dispose() => _http.Dispose();
}
