using System.Globalization;

namespace Samples.Experiments.Replicated;

/// <summary>The limit of each client: exactly so many get through, and nobody else notices.</summary>
internal sealed class DoorPhase(ReplicatedView view)
{
    private const int Greedy = 16, More = 100, Others = 20, Attempts = 5;

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var path = ReplicatedView.Define(view.Words[0]);
        using var look = await view.AskAsync(view.Door, path, "198.51.100.250", cancel);
        var limit = int.Parse(look.Headers.GetValues("X-RateLimit-Limit").First(), CultureInfo.InvariantCulture);
        for (var attempt = 1; ; attempt++)
        {
            var client = $"198.51.100.{attempt}";
            var greedy = ReplicatedView.ManyAsync(limit + More, Greedy, _ => view.GetAsync(view.Door, path, cancel, client));
            var others = await ReplicatedView.ManyAsync(
                Others * 5, 4, i => view.GetAsync(view.Door, path, cancel, $"198.51.101.{i % Others + 1}"));
            var asked = await greedy;
            using var after = await view.AskAsync(view.Door, path, client, cancel);
            // A machine that needed longer than a window for all of them has begun a second one: no answer to the question. It is asked
            // again.
            if ((int)after.StatusCode != 429 && attempt < Attempts)
                continue;
            var (through, refused) = (asked.Count(a => a.IsAnswered), asked.Count(a => a.Status == 429));
            var retryAfter = after.Headers.RetryAfter?.Delta?.TotalSeconds ?? 0;
            return
            [
                new Claim(
                    $"a client sends {limit + More} requests within its limit's window: "
                    + "how many get through, how many are told 429 and when to come back",
                    $"{limit}, {More}",
                    $"{through}, {refused}, to come back in {retryAfter:0} s",
                    through == limit && refused == More && retryAfter >= 1),
                new Claim(
                    $"{Others} other clients meanwhile: requests that are refused",
                    $"0 of {others.Count}",
                    $"{others.Count(a => !a.IsAnswered)}",
                    others.All(a => a.IsAnswered)),
            ];
        }
    }
}
