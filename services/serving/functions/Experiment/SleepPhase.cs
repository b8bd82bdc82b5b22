namespace Samples.Experiments.Functions;

/// <summary>Scale to zero: what nobody needs is stopped; a request and an event start what they need, once, and nothing else.</summary>
internal sealed class SleepPhase(ExperimentContext context, FunctionsView view)
{
    private const int Together = 20;

    // What large clouds ask for memory of containers, in what they ask for a processor.
    private const double ProcessorsForAGigabyte = 0.11;

    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public async Task<IReadOnlyList<Claim>> RunAsync(CancellationToken cancel)
    {
        await view.WaitAsync(Patience, async () => (await view.AwakeAsync(cancel)).Count == 0, cancel);
        var awake = await view.AwakeAsync(cancel);
        context.Observe(new Observation("awake", awake.Count, "all functions sleep"));
        var idle = await MeasureIdleAsync(cancel);

        var began = context.Time.GetTimestamp();
        var answers = await Task.WhenAll(
            Enumerable.Range(0, Together).Select(_ => view.PostAsync("decorator", "users", new { age = 7 }, cancel)));
        var waited = context.Time.GetElapsedTime(began);
        var answered = answers.Count(a => a.Status == 201);
        var decorator = (await view.ReplicasAsync("decorator", cancel))[0];
        var state = await view.StateAsync(decorator, cancel);
        var byOne = state.GetProperty("calls").GetInt32();
        Tell(state, waited, idle);

        var user = (await view.PostAsync("create-user", "sign-ups", new { email = "early@example.org" }, cancel)).Body.GetProperty("id");
        var mails = Path.Combine(view.Data, "mail", user.GetString()!);
        var welcomed = await view.WaitAsync(Patience, () => Task.FromResult(Directory.Exists(mails)), cancel);
        var subscriber = (await view.ReplicasAsync("subscribe-newsletter", cancel))[0];
        return
        [
            new Claim("functions that nobody needs are stopped: still running", "0", $"{awake.Count}", awake.Count == 0),
            new Claim(
                $"{Together} first requests at once wait for one start: answered, and by how many processes", $"{Together} by one",
                $"{answered}, {byOne} of them by one", answered == Together && byOne == Together),
            new Claim("an event starts those who handle it", "welcome sent", welcomed ? "welcome sent" : "no welcome", welcomed),
            new Claim(
                "and nobody else: the newsletter's function, for a user who did not ask for it", "sleeps",
                subscriber.Pid == 0 ? "sleeps" : "was started", subscriber.Pid == 0),
        ];
    }

    // Processors that a service uses which is there and has nothing to do.
    private async Task<double> MeasureIdleAsync(CancellationToken cancel)
    {
        var api = await view.ReplicasAsync("user-api", cancel);
        var (before, began) = (ProcessorTime.Of(api), context.Time.GetTimestamp());
        await Task.Delay(IdleFor, cancel);
        return (ProcessorTime.Of(api) - before) / context.Time.GetElapsedTime(began);
    }

    // A function that sleeps saves what a service costs that idles, and costs a start at the next request: it is cheaper while there are
    // fewer requests than what is saved in a second pays starts for.
    private void Tell(System.Text.Json.JsonElement state, TimeSpan waited, double idle)
    {
        double Number(string name) => state.GetProperty(name).GetDouble();
        var (cold, cost, memory) =
            (Number("coldStartMilliseconds"), Number("coldStartProcessorMilliseconds") / 1000, Number("memoryMegabytes"));
        var perHour = (idle + memory / 1000 * ProcessorsForAGigabyte) / cost * 3600;
        context.Observe(new Observation("cold start, ms", cold,
            $"{waited.TotalMilliseconds:0} ms for the first requests: the process listened and had answered one after {cold:0} ms, with "
                + $"{cost:0.00} s of processor time"));
        context.Observe(new Observation("requests an hour", perHour,
            $"with {memory:0} MB, {idle:0.0000} processors while idle, and a GB at {ProcessorsForAGigabyte} processors, "
                + $"a service that is always there is cheaper from {perHour:0} requests an hour on"));
    }
}
