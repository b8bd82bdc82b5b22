using System.Collections.Concurrent;

namespace Samples.Experiments.Sharded;

/// <summary>The ring grows, shrinks and grows again under load, and meanwhile keys are written.</summary>
internal sealed class ReshardPhase(ExperimentContext context, ShardedView view, Workload work)
{
    private const int Clients = 6, Keys = 160;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1.5);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var handover = !context.IsWithout("handover");
        var leases = !context.IsWithout("leases");
        await view.BoundAsync(1.25, cancel);
        await view.SwitchAsync(cancel, ("copies", true), ("handover", handover));
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        await view.ForgetAsync(["cache-shard-5-a", "cache-shard-5-b"], cancel);
        await view.WarmAsync([.. work.Targets.Take(Keys)], cancel);
        var notes = new Notes(view, "reshard", 24);
        for (var note = 0; note < notes.Count; note++)
            await notes.WriteAsync(note, cancel);
        if (!leases)
        {
            await context.ConfigureAsync("cache-shard.leases", "off", cancel);
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        }

        var (ended, writing) = (false, false);
        var asked = new ConcurrentQueue<Asked>();
        var load = Enumerable.Range(0, Clients).Select(c => ReadAsync(new Random(c))).Append(WriteAsync(new Random(-1))).ToList();
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 5)), cancel);
        await Task.Delay(Between, cancel);
        var moved = asked.Where(a => a.Shard == "5" && !IsNote(a)).ToList();
        // The member is away, what it holds gets old, and it comes back.
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        Volatile.Write(ref writing, true);
        await Task.Delay(Between, cancel);
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 5)), cancel);
        await Task.Delay(Between, cancel);
        Volatile.Write(ref ended, true);
        await Task.WhenAll(load);

        await view.SwitchAsync(cancel, ("handover", true));
        if (!leases)
            await context.ConfigureAsync("cache-shard.leases", "on", cancel);
        await view.ReshardAsync(ShardedView.Shards(Enumerable.Range(1, 4)), cancel);
        return ToClaims([.. asked], moved, notes);

        async Task ReadAsync(Random own)
        {
            while (!Volatile.Read(ref ended))
            {
                asked.Enqueue(own.Next(4) == 0
                    ? await notes.ReadAsync(own.Next(notes.Count), cancel)
                    : await view.GetAsync(work.Targets[own.Next(Keys)], cancel));
            }
        }

        async Task WriteAsync(Random own)
        {
            while (!Volatile.Read(ref ended))
            {
                if (Volatile.Read(ref writing))
                    await notes.WriteAsync(own.Next(notes.Count), cancel);
                await Task.Delay(20, cancel);
            }
        }
    }

    private static bool IsNote(Asked asked) => asked.Target.StartsWith("/documents", StringComparison.Ordinal);

    private IReadOnlyList<Claim> ToClaims(Asked[] asked, List<Asked> moved, Notes notes)
    {
        var wrong = asked.Where(a => !(IsNote(a) ? a.IsAnswered : work.IsRight(a))).ToList();
        var origin = moved.Count(a => a.Cache is "MISS" or "BYPASS");
        var (reads, older, first) = notes.Reads;
        context.Observe(new Observation(
            "handed", moved.Count(a => a.Cache == "HANDED"), $"{moved.Count} requests for keys that moved: {origin} reached the origin"));
        return
        [
            new Claim(
                "the ring changes three times under load: requests that fail or are wrong",
                $"0 of {asked.Length}",
                $"{wrong.Count}{(wrong.Count > 0 ? $" ({wrong[0].Problem ?? wrong[0].Target})" : "")}",
                wrong.Count == 0 && asked.Length > 100),
            new Claim(
                "requests for a key that is moving: redirections at most, and requests for moved keys that reach the origin",
                "1, at most 2%",
                $"{asked.Max(a => a.Redirections)}, {origin} of {moved.Count}",
                asked.Max(a => a.Redirections) == 1 && moved.Count > 0 && origin <= 0.02 * moved.Count),
            new Claim(
                "a shard is away while keys are written, and comes back: reads of an older value than was acknowledged",
                $"0 of {reads}",
                $"{older}{(first is null ? "" : $" ({first})")}, {notes.Writes.Done} writes",
                older == 0 && reads > 50 && notes.Writes.Done > notes.Count),
        ];
    }
}
