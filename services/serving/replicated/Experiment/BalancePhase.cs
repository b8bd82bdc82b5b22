using Samples.Lab.Measuring;

namespace Samples.Experiments.Replicated;

/// <summary>Three replicas behind a balancer: an even share for each, and one of them killed under load.</summary>
internal sealed class BalancePhase(ExperimentContext context, ReplicatedView view, Random random)
{
    public const string KillClaim = "SIGKILL of replicas under load: requests that fail";
    public const string EarlyClaim = "requests that a replica got before it was ready, over these starts";

    private const int Clients = 8, Requests = 1500, Kills = 3;
    private const double Even = 0.1;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10), Before = TimeSpan.FromMilliseconds(500);

    public async Task<Claim> EvenAsync(CancellationToken cancel)
    {
        await view.WaitHealthyAsync(3, cancel);
        var words = Words(Requests);
        var before = ProcessorTime.Of(context.Replicas.Where(r => r.AppId == "dictionary"));
        var asked = await ReplicatedView.ManyAsync(Requests, Clients, i => view.GetAsync(view.Balancer, words[i], cancel));
        var used = ProcessorTime.Of(context.Replicas.Where(r => r.AppId == "dictionary")) - before;
        var shares = asked.Where(a => a.IsAnswered).CountBy(a => a.Replica ?? "").OrderBy(s => s.Key, StringComparer.Ordinal)
            .Select(s => s.Value).ToArray();
        var mean = Requests / 3.0;
        var worst = shares.Select(s => Math.Abs(s - mean) / mean).DefaultIfEmpty(1).Max();
        context.Observe(
            new Observation("p50 ms", asked.Select(a => a.Ms).Order().ElementAt(Requests / 2), $"shares {string.Join(", ", shares)}"));
        if (used > TimeSpan.Zero)
        {
            context.Observe(new Observation(
                "requests a processor second", Requests / used.TotalSeconds,
                $"a replica takes {Requests / used.TotalSeconds:0} requests a second of processor time: samples capacity --per-replica"));
        }

        return new Claim($"{Requests} requests over 3 replicas: the share of each", $"within {Even:P0} of even",
            $"{string.Join(", ", shares)} ({worst:P1} off)", shares.Length == 3 && worst <= Even);
    }

    public async Task<IReadOnlyList<Claim>> KillAsync(IFaults faults, CancellationToken cancel)
    {
        if (context.IsWithout("retries"))
            await context.ConfigureAsync("balancer.retries", "off", cancel);
        if (context.IsWithout("readiness"))
            await context.ConfigureAsync("balancer.health", "off", cancel);
        var ended = false;
        var load = ReplicatedView.OpenLoopAsync(
            Interval, () => ended, _ => view.GetAsync(view.Balancer, ReplicatedView.Define(view.AnyWord(random)), cancel), cancel);
        var early = new List<long>();
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(Before, cancel);
            var victim = (await faults.ListAsync(cancel)).Where(r => r.AppId == "dictionary").ElementAt(kill % 3);
            await faults.KillAsync(victim.Name, cancel);
            context.Observe(new Observation("killed", kill + 1, $"killed {victim.Name}"));
            early.Add(await EarlyOfNextLifeAsync(faults, victim, cancel));
        }

        ended = true;
        var asked = await load;
        await context.ConfigureAsync("balancer.retries", "on", cancel);
        await context.ConfigureAsync("balancer.health", "on", cancel);
        var failed = asked.Where(a => !a.IsAnswered).ToList();
        context.Observe(new Observation("requests", asked.Count, $"{failed.Count} of {asked.Count} requests failed"));
        return
        [
            new Claim(
                KillClaim, $"0 of {asked.Count}, {Kills} kills", $"{failed.Count}{Why(failed)}", failed.Count == 0 && asked.Count > 100),
            new Claim(EarlyClaim, $"0 in {Kills} starts", $"{early.Sum()}", early.Sum() == 0 && early.Count == Kills),
        ];
    }

    // The next life of a replica has counted from zero what it was asked; by the time that the balancer uses it, it has been ready for a
    // while.
    private async Task<long> EarlyOfNextLifeAsync(IFaults faults, Replica victim, CancellationToken cancel)
    {
        while (true)
        {
            var now = (await faults.ListAsync(cancel)).Single(r => r.Name == victim.Name);
            if (now.State == "running" && now.Pid != victim.Pid)
            {
                await view.WaitReadyAsync(now, cancel);
                // Where nobody looks at health, nobody knows of it.
                if (!context.IsWithout("readiness"))
                    await view.WaitHealthyAsync(3, cancel);
                return (await view.StatsAsync([now], cancel))[0].Early;
            }

            await Task.Delay(20, cancel);
        }
    }

    private string[] Words(int count) => [.. Enumerable.Range(0, count).Select(_ => ReplicatedView.Define(view.AnyWord(random)))];

    /// <summary>The first failure, for who wants to know.</summary>
    public static string Why(IReadOnlyList<Asked> failed) =>
        failed.Count == 0 ? "" : $" ({failed[0].Problem ?? $"status {failed[0].Status}"})";
}
