using System.Collections.Concurrent;
using Samples.Hashing;

namespace Samples.Experiments.Sharded;

/// <summary>A replica of a shard dies, then a whole shard.</summary>
internal sealed class LossPhase(ExperimentContext context, ShardedView view, Workload work)
{
    public const string ReplicaClaim =
        "SIGKILL of one replica of a shard under load: requests that fail, and that reach the origin past the shard";
    public const string ShardClaim =
        "a whole shard is dead: requests that fail, and requests for other shards' keys that go to the origin";

    private const int Clients = 6, Keys = 160, Kills = 2, WholeShard = 3;
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(1);

    public async Task<IReadOnlyList<Claim>> RunAsync(IFaults faults, CancellationToken cancel)
    {
        // So that whose key it is can be told: no copies, and nothing for the next on the ring.
        await view.BoundAsync(null, cancel);
        await view.SwitchAsync(cancel, ("copies", false));
        var replicas = context.IsWithout("replicas") ? 1 : 2;
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4), replicas), cancel);
        await view.WaitCurrentAsync(Enumerable.Range(1, 4).Select(n => $"cache-shard-{n}-a"), cancel);
        await view.WarmAsync([.. work.Targets.Take(Keys)], cancel);
        var one = await LoseReplicasAsync(faults, cancel);
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        if (context.IsWithout("fallback"))
            await view.SwitchAsync(cancel, ("fallback", false));
        var whole = await LoseShardAsync(faults, cancel);
        await view.SwitchAsync(cancel, ("fallback", true));
        return [one, whole];
    }

    private async Task<Claim> LoseReplicasAsync(IFaults faults, CancellationToken cancel)
    {
        var asked = await UnderLoadAsync(async () =>
        {
            for (var kill = 1; kill <= Kills; kill++)
            {
                var victim = $"cache-shard-{kill}-a";
                await Task.Delay(Around, cancel);
                await faults.KillAsync(await NameOfAsync(faults, victim, cancel), cancel);
                context.Observe(new Observation("killed", kill, $"killed {victim}"));
                await Task.Delay(Around, cancel);
                await view.WaitCurrentAsync([victim], cancel);
            }
        }, cancel);
        var (failed, past) = (asked.Count(a => !work.IsRight(a)), asked.Count(a => a.Cache == "BYPASS"));
        return new Claim(ReplicaClaim, $"0 and 0 of {asked.Count}, {Kills} kills", $"{failed} and {past}",
            failed == 0 && past == 0 && asked.Count > 100);
    }

    private async Task<Claim> LoseShardAsync(IFaults faults, CancellationToken cancel)
    {
        string[] victims = [$"cache-shard-{WholeShard}-a", $"cache-shard-{WholeShard}-b"];
        var seen = await view.RingAsync(view.Routers[0], cancel);
        var ring = new HashRing(seen.Shards.Select(s => s.Name), seen.Points);
        var asked = await UnderLoadAsync(async () =>
        {
            await Task.Delay(Around / 2, cancel);
            foreach (var victim in victims)
            {
                // Terminated after it was killed: it stays down until it is asked to start.
                var name = await NameOfAsync(faults, victim, cancel);
                await faults.KillAsync(name, cancel);
                await faults.TerminateAsync(name, cancel);
            }

            context.Observe(new Observation("killed", 2, $"killed shard {WholeShard}"));
            await Task.Delay(Around * 2, cancel);
        }, cancel);
        foreach (var victim in victims)
            await faults.StartAsync(await NameOfAsync(faults, victim, cancel), cancel);
        await view.WaitCurrentAsync(victims, cancel);
        var past = asked.Where(a => a.Cache == "BYPASS").ToList();
        var others = past.Count(a => ring.Owner(a.Target) != $"{WholeShard}");
        var failed = asked.Count(a => !work.IsRight(a));
        return new Claim(ShardClaim, $"0 of {asked.Count}, 0, some of its own", $"{failed}, {others}, {past.Count - others} of its own",
            failed == 0 && others == 0 && past.Count > 0);
    }

    private async Task<IReadOnlyCollection<Asked>> UnderLoadAsync(Func<Task> faults, CancellationToken cancel)
    {
        var ended = false;
        var asked = new ConcurrentQueue<Asked>();
        var load = Enumerable.Range(0, Clients).Select(async c =>
        {
            for (var own = new Random(c); !Volatile.Read(ref ended);)
                asked.Enqueue(await view.GetAsync(work.Targets[own.Next(Keys)], cancel));
        }).ToList();
        await faults();
        Volatile.Write(ref ended, true);
        await Task.WhenAll(load);
        return asked;
    }

    private static async Task<string> NameOfAsync(IFaults faults, string appId, CancellationToken cancel) =>
        (await faults.ListAsync(cancel)).First(r => r.AppId == appId).Name;
}
