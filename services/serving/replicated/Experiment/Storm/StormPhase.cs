namespace Samples.Experiments.Replicated.Storm;

/// <summary>
/// Everything at once, for as long as one likes: dictionaries and caches are killed and frozen at random while clients ask, and each answer
/// is compared with the source. The same seed draws the same faults and questions; when they meet is the machine's.
/// </summary>
internal sealed class StormPhase(ExperimentContext context, ReplicatedView view, Source source)
{
    private const int Otherwise = 6, LongEnoughForAll = 60;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var (seconds, seed) = (context.Option("storm", Otherwise), context.Option("seed", Random.Shared.Next(1, 1_000_000)));
        if (seconds <= 0 || context.Faults is not { } faults)
        {
            return [Claim.NotRun(
                "a storm of kills and freezes", "0 failures",
                seconds <= 0 ? "--set storm=0" : "Nothing here can kill replicas; run it with `samples tour`.")];
        }

        var storm = $"a storm of {seconds} s";
        context.Observe(new Observation("storm", seconds, $"{storm} begins, --set seed={seed}"));
        await SetRetriesAsync(context.IsWithout("retries") ? "off" : "on", cancel);
        await AllBackAsync(faults, cancel);
        var (visitors, weather) = (new Visitors(view, source, seed), new Weather(context, view, faults, new Random(seed)));
        var began = context.Time.GetTimestamp();
        var isOver = false;
        var breaking = weather.RunAsync(() => context.Time.GetElapsedTime(began).TotalSeconds >= seconds, cancel);
        var asking = visitors.RunAsync(() => isOver, cancel);
        await Task.WhenAny(breaking, asking);
        isOver = true;
        await breaking;
        await asking;
        await SetRetriesAsync("on", cancel);
        context.Observe(new Observation(
            "hits", visitors.Hits, $"{visitors.Hits} of {visitors.Asked} requests were answered by the caches"));
        return
        [
            new Claim(
                $"{storm}, kills and freezes of dictionaries and caches, one of each always left: requests that fail",
                "0",
                $"{visitors.Failed.Count} of {visitors.Asked}, {weather.Kills} kills and {weather.Freezes} freezes "
                + $"of {weather.Hit.Count} replicas, seed {seed}",
                visitors.Failed.Count == 0 && visitors.Asked > 0 && weather.Hit.Count >= (seconds >= LongEnoughForAll ? 5 : 1),
                visitors.Failed.Count > 0 ? visitors.Failed[0] : null),
            new Claim(
                $"{storm}: answers that differ from the source, answers that were somebody else's",
                "0, 0",
                $"{visitors.Wrong.Count}, {visitors.OfOthers.Count}, {visitors.Hits} of {visitors.Asked} from a cache",
                visitors.Wrong.Count == 0 && visitors.OfOthers.Count == 0 && visitors.Hits > 0,
                Example(visitors.Wrong, visitors.OfOthers)),
        ];
    }

    private static string? Example(params IReadOnlyList<string>[] lists) => lists.SelectMany(list => list).FirstOrDefault();

    private async Task AllBackAsync(IFaults faults, CancellationToken cancel)
    {
        foreach (var replica in (await faults.ListAsync(cancel)).Where(r => r.AppId is "dictionary" or "cache"))
            await view.WaitHealthyAsync(replica, cancel);
    }

    private async Task SetRetriesAsync(string mode, CancellationToken cancel)
    {
        foreach (var balancer in (string[])["balancer", "front-door"])
            await context.ConfigureAsync($"{balancer}.retries", mode, cancel);
    }
}
