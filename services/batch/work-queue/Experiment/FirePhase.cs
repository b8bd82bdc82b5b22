namespace Samples.Experiments.WorkQueue;

/// <summary>
/// Pictures go through the queue while workers are killed all the time, one is frozen past its lease, and the active manager is killed
/// twice. Among the pictures is one that no worker can read.
/// </summary>
internal sealed class FirePhase(ExperimentContext context, IFaults faults, QueueView queue, PictureFolder folder)
{
    private const string Poison = "fire-0000-broken.jpg";
    private const int MaxFailures = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly Random _random = new(context.Option("seed", 1));
    private int _workersKilled, _managersKilled, _frozen;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var count = context.Option("pictures", 100);
        var before = (await queue.StatsAsync(cancel))["done"];
        folder.Put(Poison, StreetPictures.Draw(seed: 9000).Content[..4000]);
        var names = folder.Add("fire", count, firstSeed: 1000);
        var duringPoison = await KillUntilDoneAsync(count, before, cancel);

        var records = (await queue.ItemsAsync(cancel)).ToDictionary(i => i.Id);
        var correct = names.Count(folder.HasCorrectThumbnail);
        var once = names.Count(n => records.GetValueOrDefault(n) is { State: "done", Completions: 1 });
        var poison = records.GetValueOrDefault(Poison);
        return
        [
            new Claim(
                $"{count} pictures, {_workersKilled} workers and {_managersKilled} managers killed, {_frozen} worker frozen: "
                    + "every picture has its correct thumbnail",
                $"{count}",
                $"{correct}",
                correct == count && _managersKilled == 2 && _workersKilled > 0),
            new Claim("no picture is lost, and each is done exactly once in its record", $"{count}", $"{once}", once == count),
            new Claim(
                "a picture that nobody can read ends as a dead letter after its tries",
                $"dead, {MaxFailures} failures",
                poison is null ? "unknown" : $"{poison.State}, {poison.Failures} failures",
                poison is { State: "dead", Failures: MaxFailures }),
            new Claim(
                "meanwhile it holds up nobody: pictures done before it was given up",
                "above 0",
                $"{duringPoison} of {count}",
                duringPoison > 0),
            await ReplayAsync(cancel),
        ];
    }

    // Returns how many pictures were done when the poisonous one was given up.
    private async Task<int> KillUntilDoneAsync(int count, int before, CancellationToken cancel)
    {
        int? duringPoison = null;
        var nextKill = 2;
        var managerKills = new Queue<int>([count / 4, count / 2]);
        var resume = Task.CompletedTask;
        while (true)
        {
            var stats = await queue.StatsAsync(cancel);
            var done = stats["done"] - before;
            context.Observe(new Observation("done", done));
            context.Observe(new Observation("queued", stats["queued"]));
            if (duringPoison is null && (await queue.FindAsync(Poison, cancel))?.State == "dead")
            {
                duringPoison = done;
                context.Observe(new Observation("dead", 1, $"{Poison} is a dead letter; {done} pictures are done"));
            }

            if (done >= count && duringPoison is { } during)
            {
                await resume;
                return during;
            }

            if (_frozen == 0 && done >= count / 3)
                resume = await FreezeAWorkerAsync(cancel);
            if (managerKills.TryPeek(out var at) && done >= at && await KillManagerAsync(cancel))
                managerKills.Dequeue();
            if (done >= nextKill && done < count && await KillAWorkerAsync(cancel))
                nextKill += Math.Max(1, count / 10);
            await Task.Delay(100, cancel);
        }
    }

    private async Task<bool> KillManagerAsync(CancellationToken cancel)
    {
        if (await queue.ActiveManagerAsync(faults, cancel) is not { } active)
            return false;
        await faults.KillAsync(active.Name, cancel);
        context.Observe(new Observation("managers killed", ++_managersKilled, $"killed {active.Name}, the active manager"));
        return true;
    }

    private async Task<bool> KillAWorkerAsync(CancellationToken cancel)
    {
        if (await PickWorkerAsync(cancel) is not { } victim)
            return false;
        await faults.KillAsync(victim.Name, cancel);
        context.Observe(new Observation("workers killed", ++_workersKilled, $"killed {victim.Name}"));
        return true;
    }

    // Frozen for longer than a lease: somebody else does its item, and what it says when it wakes must not count.
    private async Task<Task> FreezeAWorkerAsync(CancellationToken cancel)
    {
        if (await PickWorkerAsync(cancel) is not { } victim)
            return Task.CompletedTask;
        await faults.FreezeAsync(victim.Name, cancel);
        context.Observe(new Observation("frozen", ++_frozen, $"froze {victim.Name} for 5 s, its lease lasts 3 s"));
        return ResumeLaterAsync();

        async Task ResumeLaterAsync()
        {
            await Task.Delay(TimeSpan.FromSeconds(5), cancel);
            if ((await faults.ListAsync(cancel)).Any(r => r.Name == victim.Name))
                await faults.ResumeAsync(victim.Name, cancel);
        }
    }

    private async Task<Replica?> PickWorkerAsync(CancellationToken cancel)
    {
        var workers = (await faults.ListAsync(cancel)).Where(r => r is { AppId: "worker-host", State: "running", Pid: > 0 }).ToList();
        return workers.Count == 0 ? null : workers[_random.Next(workers.Count)];
    }

    private async Task<Claim> ReplayAsync(CancellationToken cancel)
    {
        const string text = "the dead letter, repaired and replayed, is done";
        folder.Put(Poison, StreetPictures.Draw(seed: 9000).Content);
        await queue.ReplayAsync(Poison, cancel);
        var began = context.Time.GetTimestamp();
        while (context.Time.GetElapsedTime(began) < Patience)
        {
            if ((await queue.FindAsync(Poison, cancel))?.State == "done")
            {
                var isRight = folder.HasCorrectThumbnail(Poison);
                return new Claim(text, "done", isRight ? "done" : "wrong thumbnail", isRight);
            }

            await Task.Delay(100, cancel);
        }

        return new Claim(text, "done", $"not within {Patience.TotalSeconds:0} s", false);
    }
}
