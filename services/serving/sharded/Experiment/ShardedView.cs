using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.Sharded;

/// <summary>One request as its client saw it.</summary>
/// <param name="Target">Path and query.</param>
/// <param name="Status">Of the answer; 0 where there was none.</param>
/// <param name="Shard">The shard that the router chose.</param>
/// <param name="Replica">Whose answer it is.</param>
/// <param name="Cache">How it was found.</param>
/// <param name="Redirections">How many others were asked because the key moves.</param>
/// <param name="Body">The answer.</param>
/// <param name="Problem">Why there was none.</param>
internal sealed record Asked(
    string Target, int Status, string? Shard, string? Replica, string? Cache, int Redirections, string Body, string? Problem)
{
    public bool IsAnswered => Status == 200;
}

/// <summary>A shard in a router's view.</summary>
internal sealed record SeenShard(string Name, string[] Replicas, double Share);

/// <summary>A hot key in a router's view.</summary>
internal sealed record SeenHotKey(string Key, double Share, int Copies);

/// <summary>A router's view.</summary>
internal sealed record SeenRing(SeenShard[] Shards, int Points, double? Bound, SeenHotKey[] HotKeys);

/// <summary>A shard's replica in numbers.</summary>
internal sealed record SeenStats(string Replica, int Answers, long Bytes, long Capacity, int Overhead, bool IsCurrent, long Unleased);

/// <summary>The sharded search as clients have it: two routers, of which they take the other one when one does not answer.</summary>
internal sealed class ShardedView : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ExperimentContext _context;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 64 })
    {
        Timeout = TimeSpan.FromSeconds(15),
    };
    private readonly string[] _routers, _actorHosts;
    private readonly string _sidecar;
    private int _turn;

    public ShardedView(ExperimentContext context)
    {
        _context = context;
        _routers = [.. context.Replicas.Where(r => r.AppId == "shard-router").Select(r => $"http://127.0.0.1:{r.AppPort}")];
        _actorHosts = [.. context.Replicas.Where(r => r.AppId == "shard-actor").Select(r => $"http://127.0.0.1:{r.AppPort}")];
        _sidecar = $"http://127.0.0.1:{context.ReplicaOf("shard-router").DaprHttpPort}/v1.0/invoke/";
    }

    /// <summary>The routers' addresses.</summary>
    public IReadOnlyList<string> Routers => _routers;

    /// <summary>The shards of the template, each with so many of its replicas.</summary>
    public static string Shards(IEnumerable<int> numbers, int replicas = 2) => string.Join("; ", numbers.Select(n =>
        $"{n}: " + string.Join(", ", "ab".Take(replicas).Select(r => $"cache-shard-{n}-{r}"))));

    /// <summary>
    /// A read, by the two routers in turns; by the other one where one does not answer in time. Where both did not, by each of them once
    /// more: the second may have died while the first one's time ran out, and the first has been back since.
    /// </summary>
    public async Task<Asked> GetAsync(string target, CancellationToken cancel, TimeSpan? perRouter = null)
    {
        var asked = await InTurnsAsync(_routers, target, perRouter, cancel);
        return asked.Status != 0 ? asked : await InTurnsAsync(_routers, target, perRouter, cancel);
    }

    /// <summary>The same of the hosts of actors.</summary>
    public Task<Asked> GetByActorAsync(string target, CancellationToken cancel) => InTurnsAsync(_actorHosts, target, null, cancel);

    /// <summary>A read of an app by its sidecar.</summary>
    public Task<Asked> InvokeAsync(string appId, string target, CancellationToken cancel) =>
        AskAsync($"{_sidecar}{appId}/method{target}", target, null, cancel);

    /// <summary>Writes a document; its version, or null where no router could.</summary>
    public async Task<long?> EditAsync(string id, string summary, CancellationToken cancel)
    {
        foreach (var router in _routers)
        {
            try
            {
                using var answer = await _http.PutAsJsonAsync(
                    $"{router}/documents?id={Uri.EscapeDataString(id)}", new { summary }, cancel);
                if (answer.IsSuccessStatusCode)
                    return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("version").GetInt64();
            }
            catch (Exception error) when (IsFailure(error, cancel))
            {
                // The other one may be well.
            }
        }

        return null;
    }

    /// <summary>What a router says of the ring.</summary>
    public async Task<SeenRing> RingAsync(string router, CancellationToken cancel) =>
        await _http.GetFromJsonAsync<SeenRing>($"{router}/ring", Json, cancel) ?? throw new InvalidDataException("A router said nothing.");

    /// <summary>Who owns these, as a router says.</summary>
    public async Task<string[]> OwnersAsync(string router, IReadOnlyList<string> targets, CancellationToken cancel)
    {
        using var answer = await _http.PostAsJsonAsync($"{router}/ring/owners", targets, cancel);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<string[]>(cancel))!;
    }

    /// <summary>Stores a setting of the routers, and waits until both have it.</summary>
    public async Task ConfigureAsync(string setting, string value, Func<SeenRing, bool> isTaken, CancellationToken cancel)
    {
        await _context.ConfigureAsync($"shard-router.{setting}", value, cancel);
        foreach (var router in _routers)
            await WaitAsync($"a router takes {setting}={value}", async () => isTaken(await RingAsync(router, cancel)), cancel);
    }

    /// <summary>Another ring.</summary>
    public Task ReshardAsync(string shards, CancellationToken cancel)
    {
        var expected = shards.Split("; ").ToHashSet(StringComparer.Ordinal);
        return ConfigureAsync(
            "shards", shards, ring => expected.SetEquals(ring.Shards.Select(s => $"{s.Name}: {string.Join(", ", s.Replicas)}")), cancel);
    }

    /// <summary>Another bound of the load; null: none.</summary>
    public Task BoundAsync(double? bound, CancellationToken cancel) =>
        ConfigureAsync("bound", bound is { } b ? FormattableString.Invariant($"{b}") : "off", ring => ring.Bound == bound, cancel);

    /// <summary>Switches parts of the routers on or off. Nothing shows it; both routers have it within a second.</summary>
    public async Task SwitchAsync(CancellationToken cancel, params (string Setting, bool On)[] switches)
    {
        foreach (var (setting, on) in switches)
            await _context.ConfigureAsync($"shard-router.{setting}", on ? "on" : "off", cancel);
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
    }

    /// <summary>A replica's numbers.</summary>
    public async Task<SeenStats> StatsAsync(string replica, CancellationToken cancel) =>
        (await _http.GetFromJsonAsync<SeenStats>($"{_sidecar}{replica}/method/stats", Json, cancel))!;

    /// <summary>Empties the memories of replicas.</summary>
    public async Task ForgetAsync(IEnumerable<string> replicas, CancellationToken cancel)
    {
        foreach (var replica in replicas)
            (await _http.DeleteAsync($"{_sidecar}{replica}/method/memory", cancel)).EnsureSuccessStatusCode();
    }

    /// <summary>Sets what an answer of the origin costs.</summary>
    public async Task CostAsync(double ms, CancellationToken cancel) =>
        (await _http.PutAsJsonAsync($"{_sidecar}origin/method/cost", new { ms }, cancel)).EnsureSuccessStatusCode();

    /// <summary>
    /// Asks every replica that has one of these for it, past the routers, so that all of them have all of theirs in memory: chance decides
    /// whom a router asks, and leaves some cold.
    /// </summary>
    public async Task WarmAsync(IReadOnlyList<string> targets, CancellationToken cancel)
    {
        var ring = await RingAsync(_routers[0], cancel);
        var owners = await OwnersAsync(_routers[0], targets, cancel);
        var replicas = ring.Shards.ToDictionary(s => s.Name, s => s.Replicas);
        var cold = targets.Zip(owners).SelectMany(o => replicas[o.Second], (o, replica) => (Target: o.First, Replica: replica)).ToList();
        await WaitAsync("every replica remembers what is its own", async () =>
        {
            // What was asked for without a lease is not kept: the second answer tells.
            var asked = await ManyAsync(cold.Count, 8, i =>
                InvokeAsync(cold[i].Replica, $"/answer?target={Uri.EscapeDataString(cold[i].Target)}", cancel));
            cold = [.. cold.Where((_, i) => asked[i].Cache != "HIT")];
            return cold.Count == 0;
        }, cancel);
    }

    /// <summary>Waits until replicas answer and have a lease.</summary>
    public async Task WaitCurrentAsync(IEnumerable<string> replicas, CancellationToken cancel)
    {
        foreach (var replica in replicas)
        {
            await WaitAsync($"{replica} is current", async () =>
            {
                try
                {
                    return (await StatsAsync(replica, cancel)).IsCurrent;
                }
                catch (Exception error) when (IsFailure(error, cancel))
                {
                    return false;
                }
            }, cancel);
        }
    }

    /// <summary>Requests one after the other by several clients at once, until so many are done.</summary>
    public static async Task<IReadOnlyList<T>> ManyAsync<T>(int count, int clients, Func<int, Task<T>> ask)
    {
        var next = -1;
        var done = new T[count];
        await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
                done[i] = await ask(i);
        }));
        return done;
    }

    /// <summary>Waits for something that must come.</summary>
    public async Task WaitAsync(string what, Func<Task<bool>> isSo, CancellationToken cancel)
    {
        for (var began = _context.Time.GetTimestamp(); !await isSo();)
        {
            if (_context.Time.GetElapsedTime(began) > Patience)
                throw new TimeoutException($"Not within {Patience.TotalSeconds:0} s: {what}.");
            await Task.Delay(50, cancel);
        }
    }

    private async Task<Asked> InTurnsAsync(string[] doors, string target, TimeSpan? limit, CancellationToken cancel)
    {
        var first = Interlocked.Increment(ref _turn);
        var asked = await AskAsync(doors[first % doors.Length] + target, target, limit, cancel);
        return asked.Status != 0 ? asked : await AskAsync(doors[(first + 1) % doors.Length] + target, target, limit, cancel);
    }

    private async Task<Asked> AskAsync(string address, string target, TimeSpan? limit, CancellationToken cancel)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (limit is { } most)
            timed.CancelAfter(most);
        try
        {
            using var answer = await _http.GetAsync(address, timed.Token);
            var body = await answer.Content.ReadAsStringAsync(timed.Token);
            return new Asked(
                target, (int)answer.StatusCode, Header(answer, "X-Shard"), Header(answer, "X-Replica"), Header(answer, "X-Cache"),
                int.TryParse(Header(answer, "X-Redirections"), out var redirections) ? redirections : 0, body,
                answer.IsSuccessStatusCode ? null : body);
        }
        catch (Exception error) when (IsFailure(error, cancel))
        {
            return new Asked(target, 0, null, null, null, 0, "", error.Message);
        }
    }

    private static bool IsFailure(Exception error, CancellationToken cancel) =>
        error is HttpRequestException or IOException or JsonException
        || error is OperationCanceledException && !cancel.IsCancellationRequested;

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? values.First() : null;

    public void Dispose() => _http.Dispose();
}
