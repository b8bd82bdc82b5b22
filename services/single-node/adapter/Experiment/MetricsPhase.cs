using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using StackExchange.Redis;

namespace Samples.Experiments.Adapter;

/// <summary>One page for three applications: is it well formed, is it true, and is it there when one of them is not.</summary>
internal sealed class MetricsPhase(ExperimentContext context, Applications applications, ConnectionMultiplexer redis) : IDisposable
{
    private const int Orders = 40, Pulses = 60, Tries = 20;
    private const string ShopMemory = "shop_memory_bytes";

    // One says when it gives up, before the adapter would; the other does not say it, and has the limit that Prometheus has otherwise.
    private static readonly TimeSpan Told = TimeSpan.FromSeconds(4), Untold = TimeSpan.FromSeconds(10), Patience = TimeSpan.FromSeconds(30);

    // Written down here a second time, so that a wrong row in the adapter's table shows.
    private static readonly (string Field, string Metric, double Divide)[] RedisFields =
    [
        ("connected_clients", "redis_connected_clients", 1),
        ("blocked_clients", "redis_blocked_clients", 1),
        ("used_memory", "redis_memory_used_bytes", 1),
        ("used_memory_rss", "redis_memory_used_rss_bytes", 1),
        ("maxmemory", "redis_memory_max_bytes", 1),
        ("total_commands_processed", "redis_commands_processed_total", 1),
        ("total_connections_received", "redis_connections_received_total", 1),
        ("total_net_input_bytes", "redis_net_input_bytes_total", 1),
        ("total_net_output_bytes", "redis_net_output_bytes_total", 1),
        ("keyspace_hits", "redis_keyspace_hits_total", 1),
        ("keyspace_misses", "redis_keyspace_misses_total", 1),
        ("expired_keys", "redis_expired_keys_total", 1),
        ("evicted_keys", "redis_evicted_keys_total", 1),
        ("uptime_in_seconds", "redis_uptime_in_seconds", 1),
        ("used_cpu_sys", "redis_cpu_sys_seconds_total", 1),
        ("used_cpu_user", "redis_cpu_user_seconds_total", 1),
        ("latest_fork_usec", "redis_latest_fork_seconds", 1_000_000),
        ("rdb_changes_since_last_save", "redis_rdb_changes_since_last_save", 1),
        ("process_id", "redis_process_id", 1),
    ];

    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("metrics-adapter").AppPort}"),
        Timeout = TimeSpan.FromSeconds(60),
    };
    private readonly Random _random = new(context.Option("seed", 1));
    private readonly Dictionary<string, (int Pulses, double Kwh)> _sites = [];

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        // What has never run is slow; this is about what is true.
        static bool IsUp(string line) => line.StartsWith("up{", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal);
        _ = await Applications.WaitAsync(
            async () => (await ScrapeAsync(Untold, cancel)).Split('\n').Count(IsUp) == 3, Patience, cancel);
        await TrafficAsync(cancel);
        var before = await TruthAsync(cancel);
        var text = await ScrapeAsync(Untold, cancel);
        var after = await TruthAsync(cancel);
        OpenMetricsPage page;
        try
        {
            page = OpenMetricsPage.Parse(text);
        }
        catch (FormatException error)
        {
            return [new Claim("a strict OpenMetrics parser accepts the page of all sources", "accepted", error.Message, false)];
        }

        return
        [
            new Claim(
                "a strict OpenMetrics parser accepts the page of all sources",
                "accepted, 3 sources up",
                $"accepted, {page.Samples.Count} values, {UpOf(page)} sources up",
                UpOf(page) == 3),
            Truthful(page, before, after, await IsMemoryTrueAsync(cancel)),
            .. context.Faults is { } faults ? await BreakAsync(faults, cancel)
                : [Claim.NotRun(
                    "one source hangs: the scrape ends within its timeout, and the others are there",
                    "",
                    "Nothing here can freeze an application; run it with `samples tour`.")],
        ];
    }

    private async Task TrafficAsync(CancellationToken cancel)
    {
        for (var i = 0; i < Orders; i++)
            await applications.OrderAsync($"book {i}", cancel);
        // Names that break pages: what a page has to escape.
        string[] names = ["north", "the \"old\" one", @"C:\meters\2", "two\nlines", "Zürich 東京"];
        var run = context.Time.GetUtcNow().Ticks;
        for (var i = 0; i < Pulses; i++)
        {
            var (site, kwh) = ($"{names[_random.Next(names.Length)]} {run:x}", _random.Next(1, 1000) / 8.0);
            await applications.PulseAsync(site, kwh, cancel);
            var known = _sites.GetValueOrDefault(site);
            _sites[site] = (known.Pulses + 1, known.Kwh + kwh);
        }

        var database = redis.GetDatabase();
        for (var i = 0; i < 200; i++)
            await database.ExecuteAsync("SET", $"adapter:{i}", i, "EX", 3600 + i);
        await database.StringGetAsync(["adapter:1", "adapter:none"]);
    }

    private async Task<string> ScrapeAsync(TimeSpan? told, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.Add("Accept", "application/openmetrics-text; version=1.0.0");
        if (told is { } limit)
            request.Headers.Add("X-Prometheus-Scrape-Timeout-Seconds", limit.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        using var answer = await _http.SendAsync(request, cancel);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync(cancel);
    }

    // What the sources say themselves: before and after the scrape, because some of it moves with every look.
    private async Task<Dictionary<(string Metric, string Label), double>> TruthAsync(CancellationToken cancel)
    {
        var truth = new Dictionary<(string, string), double>();
        var info = ((string)(await redis.GetDatabase().ExecuteAsync("INFO", "ALL"))!).Split("\r\n").Where(l => l.Contains(':'))
            .ToDictionary(l => l.Split(':')[0], l => l.Split(':', 2)[1]);
        foreach (var (field, metric, divide) in RedisFields.Where(f => info.ContainsKey(f.Field)))
            truth[(metric, "")] = double.Parse(info[field], CultureInfo.InvariantCulture) / divide;
        foreach (var command in info.Where(f => f.Key is "cmdstat_set" or "cmdstat_info" or "cmdstat_mget"))
            truth[("redis_commands_total", command.Key["cmdstat_".Length..])] =
                double.Parse(command.Value.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture);

        var shop = await applications.ShopStatisticsAsync(cancel);
        truth[("shop_uptime_seconds", "")] = shop.GetProperty("uptimeSeconds").GetDouble();
        truth[("shop_memory_bytes", "")] = shop.GetProperty("memoryKiB").GetDouble() * 1024;
        truth[("shop_orders_placed_total", "")] = shop.GetProperty("orders").GetProperty("placed").GetDouble();
        truth[("shop_orders_waiting", "")] = shop.GetProperty("orders").GetProperty("waiting").GetDouble();
        foreach (var page in shop.GetProperty("pages").EnumerateObject())
        {
            truth[("shop_page_hits_total", page.Name)] = page.Value.GetProperty("hits").GetDouble();
            truth[("shop_page_duration_seconds_total", page.Name)] = page.Value.GetProperty("millis").GetDouble() / 1000;
        }

        foreach (var (site, (pulses, kwh)) in _sites)
            (truth[("meter_pulses_total", site)], truth[("meter_energy_joules_total", site)]) = (pulses, kwh * 3_600_000);
        (truth[("meter_temperature_celsius", "")], truth[("meter_humidity_ratio", "")]) = (21.5, 0.4);
        return truth;
    }

    // It goes up and down while one looks, by pages; sooner or later it stands still for as long as two looks and a scrape take. No slack,
    // because a thousand for 1024 is a mistake of two per cent.
    private async Task<string?> IsMemoryTrueAsync(CancellationToken cancel)
    {
        var wrong = "";
        for (var i = 0; i < Tries; i++)
        {
            var before = (await applications.ShopStatisticsAsync(cancel)).GetProperty("memoryKiB").GetDouble() * 1024;
            var value = OpenMetricsPage.Parse(await ScrapeAsync(Untold, cancel)).Find(ShopMemory, ("source", "shop"));
            var after = (await applications.ShopStatisticsAsync(cancel)).GetProperty("memoryKiB").GetDouble() * 1024;
            if (value >= Math.Min(before, after) && value <= Math.Max(before, after))
                return null;
            wrong = string.Create(CultureInfo.InvariantCulture, $"{ShopMemory} is {value}, not {before} to {after}");
        }

        return wrong;
    }

    private static Claim Truthful(
        OpenMetricsPage page,
        Dictionary<(string Metric, string Label), double> before,
        Dictionary<(string Metric, string Label), double> after,
        string? memory)
    {
        var wrong = memory is null ? new List<string>() : [memory];
        var moved = 0;
        foreach (var ((metric, label), least) in before)
        {
            if (metric == ShopMemory)
                continue;
            var most = after[(metric, label)];
            var value = page.Samples.FirstOrDefault(s => s.Name == metric
                && (label.Length == 0 || s.Labels.Any(l => l.Key != "source" && l.Value == label)))?.Value;
            moved += least == most ? 0 : 1;
            // Redis counts as its memory also what it keeps for whoever asks, and another asks here than there.
            var slack = metric.Contains("memory", StringComparison.Ordinal) && least != most ? Math.Max(least, most) * 0.2 : 0;
            if (value is null || value < Math.Min(least, most) - slack || value > Math.Max(least, most) + slack)
                wrong.Add($"{metric} {label} is {value?.ToString(CultureInfo.InvariantCulture) ?? "missing"}, not {least} to {most}");
        }

        return new Claim(
            "every value is the source's own: the same where it stands still, between two looks where it moves",
            $"{before.Count}",
            $"{before.Count - wrong.Count}, {moved} of them moving{(wrong.Count > 0 ? $": {wrong[0]}" : "")}",
            wrong.Count == 0);
    }

    private async Task<IReadOnlyList<Claim>> BreakAsync(IFaults faults, CancellationToken cancel)
    {
        await faults.FreezeAsync("legacy-meter", cancel);
        var (times, whole) = (new List<TimeSpan>(), 0);
        foreach (var limit in (TimeSpan?[])[Told, null])
        {
            var began = Stopwatch.GetTimestamp();
            var page = OpenMetricsPage.Parse(await ScrapeAsync(limit, cancel));
            times.Add(Stopwatch.GetElapsedTime(began));
            if (page.Find("up", ("source", "meter")) == 0 && UpOf(page) == 2
                && Has(page, "redis_connected_clients") && Has(page, "shop_orders_placed_total") && !Has(page, "meter_pulses_total"))
                whole++;
        }

        await faults.ResumeAsync("legacy-meter", cancel);
        var thawed = await Applications.WaitAsync(AllUpAsync, Patience, cancel);
        context.Observe(new Observation("longest scrape s", times.Max().TotalSeconds, "a source was frozen"));

        await faults.KillForGoodAsync("legacy-shop", cancel);
        var dead = OpenMetricsPage.Parse(await ScrapeAsync(Untold, cancel));
        var alone = dead.Find("up", ("source", "shop")) == 0 && UpOf(dead) == 2
            && Has(dead, "redis_connected_clients") && Has(dead, "meter_pulses_total") && !Has(dead, "shop_orders_placed_total");
        await faults.StartAsync("legacy-shop", cancel);
        var back = await Applications.WaitAsync(AllUpAsync, Patience, cancel);
        return
        [
            new(
                "one source hangs: its own metrics are missing with up 0, the others are there",
                $"{times.Count} of {times.Count} scrapes",
                $"{whole} of {times.Count}",
                whole == times.Count),
            new(
                "meanwhile scrapers have their answers before they give up: one that says when, and one that does not",
                $"less than {Told.TotalSeconds:0} s, and {Untold.TotalSeconds:0} s",
                $"{times[0].TotalSeconds:0.00} s, and {times[1].TotalSeconds:0.00} s",
                times[0] < Told && times[1] < Untold),
            new(
                "it goes on, and is up again by itself",
                "up",
                thawed is null ? "not up" : $"up after {thawed.Value.TotalSeconds:0.0} s",
                thawed is not null),
            new(
                "one source is killed, and started again: up 0 and the others are there, then all",
                "2 others, then 3",
                $"{(alone ? "2 others" : $"{UpOf(dead)} up")}, then {(back is null ? "not all" : "3")}",
                alone && back is not null),
        ];

        async Task<bool> AllUpAsync() => UpOf(OpenMetricsPage.Parse(await ScrapeAsync(Untold, cancel))) == 3;
    }

    private static int UpOf(OpenMetricsPage page) => page.Samples.Count(s => s is { Name: "up", Value: 1 });

    private static bool Has(OpenMetricsPage page, string name) => page.Samples.Any(s => s.Name == name);

    public void Dispose() => _http.Dispose();
}
