using System.Diagnostics;
using System.Globalization;

namespace Samples.Experiments.Sidecar;

/// <summary>A process burns one core, and two tell how much: topz and ps.</summary>
internal sealed class TopzPhase(ExperimentContext context, SiteView site)
{
    private const int Samples = 8, Tolerance = 10;

    public async Task<Claim> RunAsync(CancellationToken cancel)
    {
        const string Text = "a process burns one core: its share by topz, and by ps; the site and topz itself are seen";
        var expected = $"within {Tolerance} points, seen";
        if (!OperatingSystem.IsLinux())
            return Claim.NotRun(Text, expected, "The comparison is with Linux' ps.");
        using var burner = Process.Start(new ProcessStartInfo("sh", ["-c", "while :; do :; done"]))!;
        var life = Stopwatch.StartNew();
        try
        {
            var (used, seconds, last) = (0.0, 0.0, DateTimeOffset.MinValue);
            var (psBefore, psBegan) = (TimeSpan.Zero, 0L);
            var areSeen = true;
            for (var i = 0; i <= Samples; i++)
            {
                var report = await NextAsync(last, cancel);
                last = report.At;
                var now = Stopwatch.GetTimestamp();
                // The first interval began before the burner did; from its end on, both look at the same time.
                if (i == 0)
                {
                    (psBefore, psBegan) = (await UsedAsync(burner.Id, life, cancel), now);
                    continue;
                }

                used += report.Processes.Single(p => p.Pid == burner.Id).CpuPercent / 100 * report.Seconds;
                seconds += report.Seconds;
                areSeen &= report.Processes.Any(p => p.Pid == context.ReplicaOf("legacy-site").Pid)
                    && report.Processes.Any(p => p.Pid == context.ReplicaOf("topz-sidecar").Pid);
            }

            var topz = 100 * used / seconds;
            var ps =
                100 * (await UsedAsync(burner.Id, life, cancel) - psBefore).TotalSeconds / Stopwatch.GetElapsedTime(psBegan).TotalSeconds;
            context.Observe(new Observation("topz", topz, $"topz {topz:0}%, ps {ps:0}%"));
            return new Claim(
                Text, expected, $"{topz:0}% and {ps:0}%, {(areSeen ? "seen" : "not seen")}", Math.Abs(topz - ps) <= Tolerance && areSeen);
        }
        finally
        {
            burner.Kill();
            await burner.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task<TopzReport> NextAsync(DateTimeOffset last, CancellationToken cancel)
    {
        while (true)
        {
            var report = await site.AskAsync<TopzReport>("topz-sidecar", "topz?format=json", cancel);
            if (report.At != last)
                return report;
            await Task.Delay(10, cancel);
        }
    }

    // ps tells the share since the process began.
    private static async Task<TimeSpan> UsedAsync(int pid, Stopwatch life, CancellationToken cancel)
    {
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "pcpu=", "-p", $"{pid}"]) { RedirectStandardOutput = true })!;
        var text = await ps.StandardOutput.ReadToEndAsync(cancel);
        await ps.WaitForExitAsync(cancel);
        return life.Elapsed * (double.Parse(text.Trim(), CultureInfo.InvariantCulture) / 100);
    }
}
