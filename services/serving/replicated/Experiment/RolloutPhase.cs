namespace Samples.Experiments.Replicated;

/// <summary>
/// All replicas are replaced, one after the other, under load, and while slow requests are under way. Retries are switched off meanwhile:
/// what this claim rests on is draining, and a second try would hide where it fails.
/// </summary>
internal sealed class RolloutPhase(ExperimentContext context, ReplicatedView view, Random random)
{
    public const string Sentence = "a rolling restart of all replicas under load, slow requests among it, retries off: requests that fail";

    private const int SlowMs = 1500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(15), SlowInterval = TimeSpan.FromMilliseconds(150);

    public async Task<Claim> RunAsync(IFaults faults, CancellationToken cancel)
    {
        await context.ConfigureAsync("balancer.retries", "off", cancel);
        if (context.IsWithout("draining"))
            await context.ConfigureAsync("balancer.health", "off", cancel);
        // Both are in force within a second.
        await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        var ended = false;
        var quick = ReplicatedView.OpenLoopAsync(Interval, () => ended, _ => AskAsync("", cancel), cancel);
        var slow = ReplicatedView.OpenLoopAsync(SlowInterval, () => ended, _ => AskAsync($"delayMs={SlowMs}", cancel), cancel);
        foreach (var replica in (await faults.ListAsync(cancel)).Where(r => r.AppId == "dictionary"))
        {
            await faults.TerminateAsync(replica.Name, cancel);
            await WaitAsync(faults, replica.Name, "stopped", cancel);
            await faults.StartAsync(replica.Name, cancel);
            await WaitAsync(faults, replica.Name, "running", cancel);
            await view.WaitHealthyAsync(3, cancel);
            context.Observe(new Observation("replaced", 1, $"replaced {replica.Name}"));
        }

        ended = true;
        Asked[] asked = [.. await quick, .. await slow];
        var slowOnes = (await slow).Count;
        await context.ConfigureAsync("balancer.retries", "on", cancel);
        await context.ConfigureAsync("balancer.health", "on", cancel);
        var failed = asked.Where(a => !a.IsAnswered).ToList();
        return new Claim(
            Sentence,
            $"0 of {asked.Length}, {slowOnes} slow",
            $"{failed.Count}{BalancePhase.Why(failed)}",
            failed.Count == 0 && slowOnes > 3);
    }

    private Task<Asked> AskAsync(string query, CancellationToken cancel) =>
        view.GetAsync(view.Balancer, ReplicatedView.Define(view.AnyWord(random), query), cancel);

    private static async Task WaitAsync(IFaults faults, string name, string state, CancellationToken cancel)
    {
        while ((await faults.ListAsync(cancel)).Single(r => r.Name == name).State != state)
            await Task.Delay(25, cancel);
    }
}
