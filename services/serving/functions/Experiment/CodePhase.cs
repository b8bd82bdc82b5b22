namespace Samples.Experiments.Functions;

/// <summary>One-time codes, tried side by side at two replicas.</summary>
internal sealed class CodePhase(ExperimentContext context, FunctionsView view, Random random)
{
    private const int MaxTries = 5;
    // CODE_SECONDS of the template.
    private static readonly TimeSpan Valid = TimeSpan.FromSeconds(20);

    /// <summary>Sends a code now; the result is asked when it must have expired, and waits until then.</summary>
    public async Task<Func<Task<Claim>>> BeginExpiryAsync(CancellationToken cancel)
    {
        var code = await SendAsync("late", cancel);
        var sent = context.Time.GetTimestamp();
        return async () =>
        {
            // By the clock of another process, and a second for both.
            var left = Valid + TimeSpan.FromSeconds(1) - context.Time.GetElapsedTime(sent);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancel);
            var status = await CheckAsync("late", code, cancel);
            return new Claim("a code that nobody used in its time is worth nothing", "410", $"{status}", status == 410);
        };
    }

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        var attempts = context.Option("attempts", 200);
        if (context.IsWithout("etags"))
            await view.SwitchAsync("two-factor", new { eTags = false }, cancel);
        if (context.IsWithout("tries"))
            await view.SwitchAsync("two-factor", new { tries = false }, cancel);

        var right = await SendAsync("once", cancel);
        var accepted = (await Task.WhenAll(Enumerable.Range(0, attempts).Select(_ => CheckAsync("once", right, cancel))))
            .Count(s => s == 200);
        context.Observe(new Observation("accepted", accepted));

        var guessed = await SendAsync("guessed", cancel);
        var guesses = Enumerable.Range(0, attempts).Select(_ => $"{(int.Parse(guessed) + random.Next(1, 1_000_000)) % 1_000_000:D6}");
        var looked = (await Task.WhenAll(guesses.Select(g => CheckAsync("guessed", g, cancel)))).Count(s => s == 403);
        var afterwards = await CheckAsync("guessed", guessed, cancel);
        return
        [
            new Claim($"of {attempts} attempts at once with the right code, at two replicas: accepted", "1", $"{accepted}", accepted == 1),
            new Claim(
                $"of {attempts} wrong ones at once: compared with the code", $"{MaxTries}", $"{looked}", looked == MaxTries),
            new Claim("the right code after them is refused, too", "429", $"{afterwards}", afterwards == 429),
        ];
    }

    private async Task<string> SendAsync(string account, CancellationToken cancel)
    {
        var answer = await view.PostAsync("two-factor", "codes", new { account, phone = "+491701234567" }, cancel);
        if (answer.Status != 202)
            throw new InvalidOperationException($"No code was sent: {answer.Status} {answer.Body}");
        var message = Path.Combine(view.Data, "sms", $"{account}-{answer.Body.GetProperty("number").GetInt32()}.txt");
        return (await File.ReadAllTextAsync(message, cancel))[..6];
    }

    private async Task<int> CheckAsync(string account, string code, CancellationToken cancel) =>
        (await view.PostAsync("two-factor", "codes/check", new { account, code }, cancel)).Status;
}
