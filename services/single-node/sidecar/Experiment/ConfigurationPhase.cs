namespace Samples.Experiments.Sidecar;

/// <summary>Values are stored, good ones and such that the site refuses; what the site says to its visitors is what counts.</summary>
internal sealed class ConfigurationPhase(ExperimentContext context, SiteView site)
{
    private const string Greeting = "site.greeting", Expires = "site.expires";
    private static readonly TimeSpan TakesEffect = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(30);

    private sealed record DeliveryReport(string? Version, int Delivered, int Refused, string? RefusedVersion, string? Problem);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        // Some change of each run is late on a busy machine, whoever makes it: one in ten may be.
        var timely = new Timeliness(TakesEffect);
        var (number, wrong, bad, refused, applied) = (0, 0, 0, 0, 0);
        await new Sampling(context.Option("changes", 5), 20, TimeSpan.FromSeconds(20)).TakeAsync(async round =>
        {
            var good = $"Hello for the {++number}th time";
            await context.ConfigureAsync(Greeting, good, cancel);
            var took = await SiteView.WaitAsync(async () => await GreetingAsync(cancel) == good, Patience, cancel);
            timely.Add(took ?? Timeout.InfiniteTimeSpan);
            if (round > 2)
                return;
            // A duration that is none, and a value that would be syntax: the greeting beside it must not come either.
            bad++;
            var before = (await site.AskAsync<DeliveryReport>("config-sidecar", "configuration", cancel)).Refused;
            await context.ConfigureAsync(Expires, round == 1 ? "soon" : "10s; return 500", cancel);
            refused += await SiteView.WaitAsync(
                async () => (await site.AskAsync<DeliveryReport>("config-sidecar", "configuration", cancel)).Refused > before,
                Patience,
                cancel) is null ? 0 : 1;
            var held = $"with the bad one of round {round}";
            await context.ConfigureAsync(Greeting, held, cancel);
            for (var i = 0; i < 20; i++)
            {
                wrong += await GreetingAsync(cancel) == good ? 0 : 1;
                await Task.Delay(50, cancel);
            }

            await context.ConfigureAsync(Expires, "20s", cancel);
            applied += await SiteView.WaitAsync(async () => await GreetingAsync(cancel) == held, Patience, cancel) is null ? 0 : 1;
        }, () => timely.Tells, context.Time);
        context.Observe(new Observation("changes", timely.Count, $"{timely.Count} configurations, {bad} bad ones"));
        return
        [
            timely.ToClaim("a change reaches the site's answers after it was stored"),
            new(
                "configurations that the site would refuse: answers that had something of one, how many were told, "
                + "and how many good ones were applied after them",
                $"0, {bad} and {bad}",
                $"{wrong}, {refused} and {applied}",
                wrong == 0 && bad > 0 && refused == bad && applied == bad),
        ];
    }

    private async Task<string> GreetingAsync(CancellationToken cancel)
    {
        using var answer = await site.Plain.GetAsync("", cancel);
        return (await answer.Content.ReadAsStringAsync(cancel)).Trim();
    }
}
