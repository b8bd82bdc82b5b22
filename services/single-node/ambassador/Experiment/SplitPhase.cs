using System.Net.Http.Json;
using System.Text.Json;
using Samples.Lab.Measuring;

namespace Samples.Experiments.Ambassador;

/// <summary>
/// Clients of the experiment ambassador: who gets which arm, whether they keep it, and what they notice when the experiment dies.
/// </summary>
internal sealed class SplitPhase(ExperimentContext context) : IDisposable
{
    private const string Arm = "web-experiment";
    private const double Z99 = 2.575829;
    private static readonly TimeSpan TakesEffect = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient _door = new(new SocketsHttpHandler { UseCookies = false, MaxConnectionsPerServer = 16 })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{context.ReplicaOf("experiment-ambassador").AppPort}/"),
    };

    private sealed record Page(string Variant);

    private sealed record ArmNumbers(long Fallbacks, long Bypassed, long Clients, long Conversions, double RateLow, double RateHigh);

    private sealed record EvaluationNumbers(ArmNumbers Production, ArmNumbers Experiment, string Verdict);

    private string[] _clients = [];

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var random = new Random(context.Option("seed", 1));
        _clients = [.. Enumerable.Range(0, context.Option("clients", 4000)).Select(_ => $"{random.NextInt64():x16}")];
        var first = await AskAllAsync(_clients, cancel);
        var second = await AskAllAsync(_clients, cancel);
        var claims = new List<Claim>
        {
            Share(first),
            Sticky(first, second),
            await ConversionsAsync(first, random, cancel),
            await ChangeAsync(first, cancel),
        };
        claims.Add(context.Faults is { } faults
            ? await DeadAsync(faults, cancel)
            : Claim.NotRun("the experiment is dead: requests that fail", "0", "Nothing here can kill it; run it with `samples tour`."));
        return claims;
    }

    private Claim Share(string?[] variants)
    {
        var (n, share) = (variants.Length, (double)variants.Count(v => v == "experiment") / variants.Length);
        var margin = Z99 * Math.Sqrt(0.1 * 0.9 / n);
        context.Observe(new Observation("share of the experiment", share));
        return new Claim($"weights 90/10, {n} clients: share of the experiment", $"10% ± {margin:P1} (99%)", $"{share:P1}",
            Math.Abs(share - 0.1) <= margin && variants.All(v => v is not null));
    }

    private static Claim Sticky(string?[] first, string?[] second)
    {
        var same = first.Zip(second).Count(p => p.First is not null && p.First == p.Second);
        return new Claim("clients that get the same arm again", $"{first.Length}", $"{same}", same == first.Length);
    }

    // Two in ten of production's clients buy, four in ten of the experiment's: the evaluation has to find that out.
    private async Task<Claim> ConversionsAsync(string?[] variants, Random random, CancellationToken cancel)
    {
        var buyers = _clients.Where((_, i) => random.NextDouble() < (variants[i] == "experiment" ? 0.4 : 0.2)).ToArray();
        // Each twice: a client converts once.
        foreach (var _ in Enumerable.Range(0, 2))
        {
            await Parallel.ForEachAsync(buyers, SixteenAtOnce(cancel), async (client, token) =>
            {
                using var request = Request(HttpMethod.Post, "ambassador/conversions", client);
                using var answer = await _door.SendAsync(request, token);
                answer.EnsureSuccessStatusCode();
            });
        }

        var evaluation = await EvaluationAsync(cancel);
        var counted = evaluation.Production.Conversions + evaluation.Experiment.Conversions;
        var isFound = evaluation.Production is { RateLow: < 0.2, RateHigh: > 0.2 }
            && evaluation.Experiment is { RateLow: < 0.4, RateHigh: > 0.4 };
        return new Claim("20% and 40% of the arms' clients convert: the evaluation counts each once and tells the arms apart",
            $"{buyers.Length}, the experiment converts better", $"{counted}, {evaluation.Verdict}",
            counted == buyers.Length && isFound && evaluation.Verdict == "the experiment converts better");
    }

    // The share of the experiment grows: once, and on to 100% where the first change was late.
    private async Task<Claim> ChangeAsync(string?[] before, CancellationToken cancel)
    {
        var change = new Timeliness(TakesEffect);
        var left = 0;
        await new Sampling(Least: 1, Most: 10, Patience).TakeAsync(
            async round =>
            {
                change.Add(await GrowAsync(before, $"{55 - 5 * round}/{45 + 5 * round}", cancel));
                var after = await AskAllAsync(_clients, cancel);
                left += before.Zip(after).Count(p => p is { First: "experiment", Second: not "experiment" });
                before = after;
                context.Observe(new Observation("share of the experiment", (double)after.Count(v => v == "experiment") / after.Length));
            },
            () => change.Tells,
            context.Time);
        var noticed = change.ToClaim("weights change to 50/50 in the configuration: clients notice, and none leaves the experiment");
        return noticed with
        {
            Expected = noticed.Expected + ", 0 leave",
            Measured = $"{noticed.Measured}, {left} left",
            Held = noticed.Held == true && left == 0,
        };
    }

    // How long it takes until a client that had production gets the experiment.
    private async Task<TimeSpan> GrowAsync(string?[] before, string weights, CancellationToken cancel)
    {
        var production = _clients.Where((_, i) => before[i] == "production").Take(40).ToArray();
        await context.ConfigureAsync("experiment.weights", weights, cancel);
        return await Invocation.WaitAsync(async () => (await AskAllAsync(production, cancel)).Contains("experiment"), Patience, cancel)
            ?? Timeout.InfiniteTimeSpan;
    }

    private async Task<Claim> DeadAsync(IFaults faults, CancellationToken cancel)
    {
        var before = await EvaluationAsync(cancel);
        var asking = AskAllAsync(_clients, cancel);
        await faults.KillAsync(Arm, cancel);
        await faults.TerminateAsync(Arm, cancel);
        context.Observe(new Observation("killed", 1, $"killed {Arm}"));
        var failed = (await asking).Count(v => v is null) + (await AskAllAsync(_clients, cancel)).Count(v => v is null);
        var after = await EvaluationAsync(cancel);
        var saved = after.Experiment.Fallbacks + after.Experiment.Bypassed - before.Experiment.Fallbacks - before.Experiment.Bypassed;
        await faults.StartAsync(Arm, cancel);
        return new Claim(
            "the experiment is killed while clients ask: requests that fail",
            $"0 of {2 * _clients.Length}, some answered by production instead",
            $"{failed}, {saved} answered by production",
            failed == 0 && saved > 0);
    }

    // The variant that each client got; null for a request that failed.
    private async Task<string?[]> AskAllAsync(string[] clients, CancellationToken cancel)
    {
        var variants = new string?[clients.Length];
        await Parallel.ForEachAsync(Enumerable.Range(0, clients.Length), SixteenAtOnce(cancel), async (i, token) =>
        {
            try
            {
                using var request = Request(HttpMethod.Get, "", clients[i]);
                using var answer = await _door.SendAsync(request, token);
                variants[i] = answer.IsSuccessStatusCode ? (await answer.Content.ReadFromJsonAsync<Page>(token))?.Variant : null;
            }
            catch (Exception error) when (error is HttpRequestException or JsonException)
            {
                // A failure, told as one.
            }
        });
        return variants;
    }

    private static ParallelOptions SixteenAtOnce(CancellationToken cancel) =>
        new() { MaxDegreeOfParallelism = 16, CancellationToken = cancel };

    private async Task<EvaluationNumbers> EvaluationAsync(CancellationToken cancel) =>
        (await _door.GetFromJsonAsync<EvaluationNumbers>("ambassador/evaluation", cancel))!;

    private static HttpRequestMessage Request(HttpMethod method, string path, string client)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Cookie", $"ambassador-client={client}");
        return request;
    }

    public void Dispose() => _door.Dispose();
}
