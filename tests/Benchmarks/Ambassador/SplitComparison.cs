using System.Globalization;
using System.Text.RegularExpressions;

namespace Samples.Benchmarks.Ambassador;

/// <summary>
/// Two arms that nginx plays, before them the ambassador and nginx's <c>split_clients</c> with the same weights. Both reach the arms
/// directly: what a sidecar costs is another comparison.
/// </summary>
internal sealed partial class SplitComparison(string folder)
{
    private const int Rounds = 3, FewestSlices = 3, MostSlices = 15;
    private const double Steady = 1.1;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(3);

    public async Task RunAsync(TimeSpan duration, Action<Finding> report, CancellationToken cancel)
    {
        var wrk = Tool.Find("wrk", "wrk");
        int[] arms = [Tool.FreePort(), Tool.FreePort()];
        var (door, ours) = (Tool.FreePort(), Tool.FreePort());
        await using var upstream = await Nginx.StartAsync(folder, "arms", string.Concat(arms.Select((port, i) => $$"""
            server {
                listen 127.0.0.1:{{port}};
                keepalive_requests 1000000;
                location / { return 200 "{{(i == 0 ? "production" : "experiment")}}"; }
            }

            """)), arms[1], cancel);
        await using var peer = await Nginx.StartAsync(folder, "door", $$"""
            upstream production { server 127.0.0.1:{{arms[0]}}; keepalive 64; keepalive_requests 1000000; }
            upstream experiment { server 127.0.0.1:{{arms[1]}}; keepalive 64; keepalive_requests 1000000; }
            split_clients "$http_cookie" $arm { 10% experiment; * production; }
            server { listen 127.0.0.1:{{door}}; keepalive_requests 1000000;
              location / { proxy_pass http://$arm; proxy_http_version 1.1; proxy_set_header Connection ""; } }
            """, door, cancel);
        await using var ambassador = await Tool.StartServiceAsync("Samples.ExperimentAmbassador", ours, cancel,
            ("APP_PORT", $"{ours}"), ("PRODUCTION", $"http://127.0.0.1:{arms[0]}"), ("EXPERIMENT_ARM", $"http://127.0.0.1:{arms[1]}"),
            ("WEIGHTS", "90/10"));

        var script = Path.Combine(folder, "clients.lua");
        await File.WriteAllTextAsync(script, """
            local n = 0
            request = function()
              n = (n + 1) % 1000
              return wrk.format("GET", "/", { ["Cookie"] = "ambassador-client=c" .. n })
            end
            """, cancel);
        await WarmUpAsync(wrk, script, ambassador, ours, cancel);
        var results = new List<(Result Ours, Result Theirs)>();
        for (var round = 0; round < Rounds; round++)
        {
            var here = await MeasureAsync(wrk, script, duration, ambassador, ours, cancel);
            var there = await MeasureAsync(wrk, script, duration, peer, door, cancel);
            results.Add((here, there));
        }

        var middle = results.OrderBy(r => r.Ours.PerCore / r.Theirs.PerCore).ElementAt(Rounds / 2);
        report(Finding.AtLeast(
            0.5,
            "wrk, 90/10 split, 32 connections: requests a second of processor time, to nginx",
            middle.Ours.PerCore,
            middle.Theirs.PerCore,
            "1/s"));
        report(new Finding("wrk, 90/10 split, 32 connections: requests a second", middle.Ours.Rate, middle.Theirs.Rate, "1/s"));
    }

    private sealed record Result(double Rate, double PerCore);

    // Until the compiler has finished, however long a busy machine keeps it from that: a request then costs what it did a moment before.
    private static async Task WarmUpAsync(string wrk, string script, Tool door, int port, CancellationToken cancel)
    {
        var (last, next) = (0.0, 0.0);
        for (var slice = 0; slice < MostSlices && (slice < FewestSlices || next > last * Steady); slice++)
            (last, next) = (next, (await MeasureAsync(wrk, script, Slice, door, port, cancel)).PerCore);
    }

    private static async Task<Result> MeasureAsync(
        string wrk, string script, TimeSpan duration, Tool door, int port, CancellationToken cancel)
    {
        var before = door.ProcessorTime;
        var said = await Tool.RunAsync(
            wrk,
            ["-t", "1", "-c", "32", "-d", $"{Math.Max(1, (int)duration.TotalSeconds)}s", "-s", script, $"http://127.0.0.1:{port}/"],
            cancel);
        if (said.Contains("Non-2xx", StringComparison.Ordinal))
            throw new InvalidOperationException($"Requests failed: {said}");
        var requests = double.Parse(Requests().Match(said).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        var rate = double.Parse(Rate().Match(said).Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return new Result(rate, requests / (door.ProcessorTime - before).TotalSeconds);
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex Rate();
}
