using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;

namespace Samples.Experiments.Adapter;

/// <summary>
/// Random kills and freezes of adapters and applications while all of them are used. Whoever is left alone owes what it always owes, and
/// nothing that was written may be lost.
/// </summary>
internal sealed class StormPhase(ExperimentContext context, Applications applications) : IDisposable
{
    private const string
        Scrapes = "a storm of kills and freezes: scrapes are answered with 200 in time, where the adapter itself is left alone",
        Living = "each of them has what lives: sources that came back and were left alone since are up",
        Lines = "lines that four writers wrote meanwhile, over rotations: each is in one record, and no number is given twice",
        Health = "health tells the truth, once a state has lasted twice as long as a change may take",
        Back = "after it all are there again: the sources are up, health is healthy, and nobody is missing";

    private const string Nobody = "Nothing here can kill an application; run it with `samples tour`.";

    private static readonly TimeSpan GivesUp = TimeSpan.FromSeconds(10), Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(15) };
    private readonly int _seed = context.Option("seed", 1);
    private readonly HashSet<string> _wasUp = [];
    private int _scrapes, _answered, _owed, _dead, _looks, _wrong;
    private TimeSpan _longest;
    private string? _firstWrong;
    private long _next;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var duration = TimeSpan.FromSeconds(context.Option("storm", 8));
        if (context.Faults is not { } kills)
            return [.. ((string[])[Scrapes, Living, Lines, Health, Back]).Select(c => Claim.NotRun(c, "", Nobody))];
        context.Observe(new Observation("storm s", duration.TotalSeconds, $"a storm of {duration.TotalSeconds:0} s, seed {_seed}"));
        using var faults = new StormFaults(context, kills, applications, new Random(_seed));
        var lines = new StormLines(context, applications, new Random(_seed + 1));
        await ReadAsync((_, _) => { }, cancel);

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var others = Task.WhenAll(
            AgainAsync(() => ScrapeAsync(faults, cancel), end.Token),
            AgainAsync(() => LookAsync(faults, cancel), end.Token),
            AgainAsync(() => ReadAsync(lines.Take, cancel), end.Token),
            lines.WriteAsync(end.Token),
            lines.AskAsync(end.Token));
        await faults.RunAsync(duration, cancel);
        await end.CancelAsync();
        await others;

        var back = await Applications.WaitAsync(() => IsWellAsync(cancel), Patience, cancel);
        _ = await Applications.WaitAsync(
            async () =>
            {
                await ReadAsync(lines.Take, cancel);
                return lines.Compare() is { Missing: 0 };
            },
            Patience, cancel);
        return Judge(faults, lines, duration, isBack: back is not null);
    }

    private IReadOnlyList<Claim> Judge(StormFaults faults, StormLines lines, TimeSpan duration, bool isBack)
    {
        var (written, missing, twice) = lines.Compare();
        twice += lines.Twice;
        var done = $"{faults.Done} in {duration.TotalSeconds:0} s, seed {_seed}";
        var who = faults.Missing.IsEmpty ? "all" : string.Join(", ", faults.Missing);
        return
        [
            new(
                Scrapes,
                $"{_scrapes}",
                $"{_answered}, the longest {_longest.TotalSeconds:0.0} s; {done}",
                _answered == _scrapes && _scrapes > 0),
            new(Living, "0 missing", $"{_dead} of {_owed} missing", _dead == 0 && _owed > 0),
            new(
                Lines,
                "0 missing, 0 twice",
                $"{missing} missing, {twice} twice of {written} over {lines.Rotations} rotations",
                missing == 0 && twice == 0 && written > 0),
            _looks > 0
                ? new(Health, "0 wrong", $"{_wrong} wrong of {_looks} looks{(_firstWrong is null ? "" : $": {_firstWrong}")}", _wrong == 0)
                : Claim.NotRun(Health, "0 wrong", "No state lasted so long; let it storm for longer."),
            new(Back, "all", isBack ? who : "not all", isBack && faults.Missing.IsEmpty),
        ];
    }

    private static async Task AgainAsync(Func<Task> once, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await once();
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException or IOException)
            {
                // It is down; whether it may be, is judged where it is asked.
            }

            await Task.Delay(150, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ScrapeAsync(StormFaults faults, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        var page = await TryScrapeAsync(cancel);
        if (!faults.WasLeftAlone("metrics-adapter", began))
            return;
        var took = context.Time.GetElapsedTime(began);
        _scrapes++;
        _answered += page is not null && took < GivesUp ? 1 : 0;
        _longest = took > _longest ? took : _longest;
        foreach (var source in (string[])["redis", "shop", "meter"])
        {
            // The shop counts what waits in its table, and cannot while that is locked.
            var hasTable = source != "shop" || faults.WasLeftAlone(StormFaults.Table, began);
            var isAlone = hasTable && faults.WasLeftAlone($"legacy-{source}", began);
            var isUp = page?.Find("up", ("source", source)) == 1;
            if (!isAlone)
                _wasUp.Remove(source);
            else if (isUp)
                _wasUp.Add(source);
            if (page is null || !isAlone || !_wasUp.Contains(source))
                continue;
            _owed++;
            _dead += isUp ? 0 : 1;
        }
    }

    private async Task<OpenMetricsPage?> TryScrapeAsync(CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url("metrics-adapter", "/metrics"));
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");
        request.Headers.Add("X-Prometheus-Scrape-Timeout-Seconds", GivesUp.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        try
        {
            using var answer = await _http.SendAsync(request, cancel);
            return answer.IsSuccessStatusCode ? OpenMetricsPage.Parse(await answer.Content.ReadAsStringAsync(cancel)) : null;
        }
        catch (Exception error) when (
            error is HttpRequestException or FormatException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    // A probe has a second. Where the adapter itself needs half of that for an answer that asks nobody, the machine is what is slow.
    private async Task LookAsync(StormFaults faults, CancellationToken cancel)
    {
        var began = context.Time.GetTimestamp();
        using (var alive = await _http.GetAsync(Url("health-adapter", "/healthz"), cancel))
        {
            if (context.Time.GetElapsedTime(began) > TimeSpan.FromSeconds(0.5))
                return;
        }

        await JudgeAsync(faults, "shop", StormFaults.Table, began, cancel);
        await JudgeAsync(faults, "redis", StormFaults.Redis, began, cancel);
    }

    private async Task JudgeAsync(StormFaults faults, string check, string victim, long began, CancellationToken cancel)
    {
        using var answer = await _http.GetAsync(Url("health-adapter", $"/health/{check}"), cancel);
        var view = await answer.Content.ReadFromJsonAsync<JsonElement>(cancel);
        var lasted = began - (long)(2 * view.GetProperty("turnsWithinSeconds").GetDouble() * context.Time.TimestampFrequency);
        // A shop that is frozen in the middle of an order has the table locked.
        var isFree = check != "shop" || faults.WasLeftAlone("legacy-shop", lasted);
        bool? truth = isFree && faults.WasLeftAlone(victim, lasted) ? true : faults.WasDown(victim, lasted) ? false : null;
        if (truth is null || !faults.WasLeftAlone("health-adapter", lasted))
            return;
        _looks++;
        if (answer.IsSuccessStatusCode == truth)
            return;
        _wrong++;
        _firstWrong ??= $"{check} was {(truth.Value ? "well" : "ill")}";
    }

    private async Task ReadAsync(Action<long, JsonElement> take, CancellationToken cancel)
    {
        while (true)
        {
            using var answer = await _http.GetAsync(Url("log-adapter", $"/records?from={_next}&limit=1000"), cancel);
            answer.EnsureSuccessStatusCode();
            var lines = (await answer.Content.ReadAsStringAsync(cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var next = long.Parse(answer.Headers.GetValues("next").Single(), CultureInfo.InvariantCulture);
            foreach (var (i, line) in lines.Index())
                take(next - lines.Length + i, JsonSerializer.Deserialize<JsonElement>(line));
            _next = next;
            if (lines.Length == 0)
                return;
        }
    }

    private async Task<bool> IsWellAsync(CancellationToken cancel)
    {
        if (await TryScrapeAsync(cancel) is not { } page || page.Samples.Count(s => s is { Name: "up", Value: 1 }) != 3)
            return false;
        try
        {
            using var health = await _http.GetAsync(Url("health-adapter", "/health"), cancel);
            return health.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private string Url(string adapter, string path) => $"http://127.0.0.1:{context.ReplicaOf(adapter).AppPort}{path}";

    public void Dispose() => _http.Dispose();
}
