using System.Collections.Concurrent;
using System.Globalization;

namespace Samples.Experiments.Sharded;

/// <summary>
/// Shards and routers are killed and frozen at random under load, and everything that is answered is checked against the source. A client
/// takes the other router when one does not answer, so that one of the two is left alone at a time.
/// </summary>
internal sealed class StormPhase(ExperimentContext context, ShardedView view, Workload work)
{
    public const string Sentence =
        "a storm of kills and freezes: requests that fail, answers that are wrong, values older than acknowledged";

    private const int Clients = 6, Keys = 160;
    private static readonly TimeSpan PerRouter = TimeSpan.FromSeconds(6);

    public async Task<Claim> RunAsync(IFaults faults, int seconds, int seed, CancellationToken cancel)
    {
        await view.BoundAsync(1.25, cancel);
        await view.SwitchAsync(cancel, ("copies", true));
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        var notes = new Notes(view, "storm", 16);
        for (var note = 0; note < notes.Count; note++)
            await notes.WriteAsync(note, cancel);
        var leases = !context.IsWithout("leases");
        if (!leases)
            await context.ConfigureAsync("cache-shard.leases", "off", cancel);

        var began = context.Time.GetTimestamp();
        bool IsOver() => context.Time.GetElapsedTime(began) > TimeSpan.FromSeconds(seconds);
        var (answered, wrong, failed, stale) = (0L, 0L, 0L, 0L);
        var problems = new ConcurrentQueue<string>();
        var load = Enumerable.Range(0, Clients).Select(c => ReadAsync(new Random(seed + c))).Append(WriteAsync(new Random(-seed))).ToList();
        var broken = await BreakAsync(faults, new Random(seed), IsOver, cancel);
        await Task.WhenAll(load);
        if (!leases)
            await context.ConfigureAsync("cache-shard.leases", "on", cancel);
        var (reads, older, first) = notes.Reads;
        var told = first ?? problems.FirstOrDefault();
        return new Claim(
            Sentence,
            FormattableString.Invariant($"0, 0, 0 of {answered + failed} in {seconds} s (seed {seed})"),
            $"{failed}, {wrong}, {older}{(told is null ? "" : $" ({told})")}; {broken}, {notes.Writes.Done} writes, {reads} reads of them, "
                + $"{stale} said that they may be old",
            failed == 0 && wrong == 0 && older == 0 && reads > 0);

        async Task ReadAsync(Random own)
        {
            while (!IsOver())
            {
                var isNote = own.Next(3) == 0;
                var asked = isNote
                    ? await notes.ReadAsync(own.Next(notes.Count), cancel, PerRouter)
                    : await view.GetAsync(work.Targets[own.Next(Keys)], cancel, PerRouter);
                if (asked.Cache == "STALE")
                    Interlocked.Increment(ref stale);
                if (!asked.IsAnswered)
                {
                    Interlocked.Increment(ref failed);
                    problems.Enqueue($"{asked.Status} {asked.Problem}");
                }
                else if (!isNote && !work.IsRight(asked))
                {
                    Interlocked.Increment(ref wrong);
                    problems.Enqueue($"a wrong answer to {asked.Target}");
                }
                else
                {
                    Interlocked.Increment(ref answered);
                }
            }
        }

        async Task WriteAsync(Random own)
        {
            while (!IsOver())
            {
                await notes.WriteAsync(own.Next(notes.Count), cancel);
                await Task.Delay(own.Next(100), cancel);
            }
        }
    }

    private async Task<string> BreakAsync(IFaults faults, Random random, Func<bool> isOver, CancellationToken cancel)
    {
        var (kills, freezes) = (0, 0);
        var frozen = new Dictionary<string, Task>(StringComparer.Ordinal);
        while (!isOver())
        {
            await Task.Delay(random.Next(200, 900), cancel);
            var all = await faults.ListAsync(cancel);
            // Of the routers one at a time; of the shards any, also all of one.
            var routers = all.Where(r => r.AppId == "shard-router").ToList();
            var victims = all.Where(r => r.AppId.StartsWith("cache-shard-", StringComparison.Ordinal) && r.State == "running")
                .Concat(routers.TrueForAll(r => r.State == "running") && await AllRoutersAnswerAsync(cancel) ? routers : [])
                .ToList();
            if (victims.Count == 0)
                continue;
            var victim = victims[random.Next(victims.Count)];
            if (random.Next(2) == 0)
            {
                kills++;
                await faults.KillAsync(victim.Name, cancel);
                context.Observe(new Observation("killed", kills, $"killed {victim.Name}"));
            }
            else
            {
                freezes++;
                await faults.FreezeAsync(victim.Name, cancel);
                var time = TimeSpan.FromMilliseconds(random.Next(100, 3500));
                context.Observe(new Observation("frozen", freezes, $"froze {victim.Name} for {time.TotalSeconds:0.0} s"));
                frozen[$"{freezes}"] = WakeAsync(faults, victim.Name, time, cancel);
            }
        }

        await Task.WhenAll(frozen.Values);
        foreach (var replica in (await faults.ListAsync(cancel)).Where(r => r.State == "stopped"))
            await faults.StartAsync(replica.Name, cancel);
        return string.Create(CultureInfo.InvariantCulture, $"{kills} kills, {freezes} freezes");
    }

    private async Task<bool> AllRoutersAnswerAsync(CancellationToken cancel)
    {
        foreach (var router in view.Routers)
        {
            try
            {
                await view.RingAsync(router, cancel).WaitAsync(TimeSpan.FromMilliseconds(500), cancel);
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException)
            {
                return false;
            }
        }

        return true;
    }

    private static async Task WakeAsync(IFaults faults, string replica, TimeSpan after, CancellationToken cancel)
    {
        await Task.Delay(after, cancel);
        await faults.ResumeAsync(replica, cancel);
    }
}
