namespace Samples.Experiments.Replicated;

/// <summary>
/// What the caches spare the dictionary: most of a load in which some words are asked for far more than others, and all but one of a crowd.
/// </summary>
internal sealed class CachePhase(ExperimentContext context, ReplicatedView view, Random random)
{
    private const int Requests = 6000, Vocabulary = 800, Clients = 8, Crowd = 50, CrowdDelayMs = 500;
    private const double Skew = 1.0;
    private const int AtLeast = 5;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        if (context.IsWithout("collapsing"))
        {
            await context.ConfigureAsync("cache.collapsing", "off", cancel);
            await Task.Delay(TimeSpan.FromSeconds(1), cancel);
        }

        Claim[] claims = [await ZipfAsync(cancel), await CrowdAsync(cancel)];
        await context.ConfigureAsync("cache.collapsing", "on", cancel);
        return claims;
    }

    private async Task<Claim> ZipfAsync(CancellationToken cancel)
    {
        var without = context.IsWithout("cache");
        string[] paths = [.. random.GetItems([.. view.Words], Vocabulary).Select(w => ReplicatedView.Define(w))];
        var zipf = new Zipf(Vocabulary, Skew, random);
        int[] ranks = [.. Enumerable.Range(0, Requests).Select(_ => zipf.Next())];
        var before = await AskedOfDictionaryAsync(cancel);
        // Each from an address of its own: this is about the cache, not about limits.
        var asked = await ReplicatedView.ManyAsync(Requests, Clients,
            i => view.GetAsync(
                without ? view.Balancer : view.Door, paths[ranks[i]], cancel, client: $"198.18.{i / 250 % 250}.{i % 250 + 1}"));
        var reached = await AskedOfDictionaryAsync(cancel) - before;
        var ratio = (double)Requests / Math.Max(1, reached);
        var hitRate = (double)asked.Count(a => a.IsHit) / Requests;
        context.Observe(new Observation(
            "hit rate", hitRate, $"{reached} of {Requests} requests reached the dictionary; hit rate {hitRate:P1}"));
        return new Claim(
            $"{Requests} requests for {Vocabulary} words by Zipf: how many times fewer reach the dictionary",
            $"at least {AtLeast} times, none fails",
            $"{ratio:0.0} times ({reached} requests), {asked.Count(a => !a.IsAnswered)} failed",
            ratio >= AtLeast && asked.All(a => a.IsAnswered));
    }

    private async Task<Claim> CrowdAsync(CancellationToken cancel)
    {
        var path = ReplicatedView.Define(view.AnyWord(random), $"delayMs={CrowdDelayMs}&crowd={random.Next()}");
        var before = await AskedOfDictionaryAsync(cancel);
        var asked = await ReplicatedView.ManyAsync(Crowd, Crowd, i => view.GetAsync(view.Door, path, cancel, client: $"198.19.0.{i + 1}"));
        var reached = await AskedOfDictionaryAsync(cancel) - before;
        return new Claim(
            $"{Crowd} clients ask at once for a word that no cache has: requests that reach the dictionary", "1, all are answered",
            $"{reached}, {asked.Count(a => a.IsAnswered)} answered", reached == 1 && asked.All(a => a.IsAnswered));
    }

    private async Task<long> AskedOfDictionaryAsync(CancellationToken cancel) =>
        (await view.StatsAsync(context.Replicas, cancel)).Sum(s => s.Requests);
}
