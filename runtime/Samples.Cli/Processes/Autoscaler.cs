using System.Diagnostics;
using System.Net.Http.Json;
using Samples.Runtime.Resources;

namespace Samples.Cli.Processes;

/// <summary>
/// Runs as many replicas as an application asks for: a template's entry with <c>SCALE_BY: APP-ID/METHOD</c> is scaled by the
/// <c>workers</c> that the method answers, within <c>SCALE_LIMITS: LEAST-MOST</c>. More are started at once; fewer run only after the
/// lower number was asked for during a whole cool-down, so that a load that comes and goes doesn't start and stop processes all the time.
/// </summary>
internal sealed class Autoscaler : IAsyncDisposable
{
    // Twice a second: what an application knows now is acted on before it knows more. KEDA asks every 30 s where nothing else is said.
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(0.5), CoolDown = TimeSpan.FromSeconds(3);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly CancellationTokenSource _closing = new();
    private readonly Suite _suite;
    private readonly Action<string, string> _log;
    private readonly Task _loops;

    private Autoscaler(Suite suite, IReadOnlyList<Rule> rules, Action<string, string> log)
    {
        _suite = suite;
        _log = log;
        _loops = Task.WhenAll(rules.Select(FollowAsync));
    }

    /// <summary>Begins to scale what asks for it. Throws <see cref="ResourceException"/> for a rule that cannot be read.</summary>
    public static Autoscaler Start(Suite suite, Action<string, string> log) =>
        new(suite, [.. suite.Members.DistinctBy(m => m.Entry.AppId).Select(Rule.Of).OfType<Rule>()], log);

    private async Task FollowAsync(Rule rule)
    {
        var wishes = new Queue<(long At, int Replicas)>();
        using var timer = new PeriodicTimer(Period);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token))
            {
                if (await AskAsync(rule) is not { } asked)
                    continue;
                wishes.Enqueue((Stopwatch.GetTimestamp(), Math.Clamp(asked, rule.Least, rule.Most)));
                while (Stopwatch.GetElapsedTime(wishes.Peek().At) > CoolDown)
                    wishes.Dequeue();
                if (_suite.IsPaused(rule.AppId))
                    continue;
                // The highest wish of the cool-down: it rises at once and falls late.
                var target = wishes.Max(w => w.Replicas);
                var running = _suite.Members.Count(m => m.Entry.AppId == rule.AppId);
                if (target == running)
                    continue;
                _log(rule.AppId, $"info: scales from {running} to {target} replicas: {rule.By} asks for them");
                try
                {
                    await _suite.ScaleAsync(rule.AppId, target, byHand: false, _closing.Token);
                }
                catch (Exception error) when (!_closing.IsCancellationRequested)
                {
                    // No port, no room, or a sidecar that did not start: the next period tries again.
                    _log(rule.AppId, $"fail: cannot scale to {target}: {error.Message}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The suite ends.
        }
    }

    // Of a manager's replicas only the active one knows: invocation takes turns, so the second question reaches the other.
    private async Task<int?> AskAsync(Rule rule)
    {
        for (var attempt = 0; attempt < 2; attempt++)
        {
            try
            {
                if (_suite.Members.FirstOrDefault(m => m.Entry.AppId == rule.AppId) is not { } through)
                    return null;
                using var question = new HttpRequestMessage(
                    HttpMethod.Get,
                    $"http://127.0.0.1:{through.Sidecar.HttpPort}/v1.0/invoke/{rule.By.Split('/')[0]}/method/{rule.By.Split('/', 2)[1]}");
                if (through.Entry.ApiToken is { } token)
                    question.Headers.Add("dapr-api-token", token);
                using var answer = await _http.SendAsync(question, _closing.Token);
                return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Answer>(_closing.Token))?.Workers;
            }
            catch (Exception error) when (
                error is HttpRequestException or System.Text.Json.JsonException
                || (error is TaskCanceledException && !_closing.IsCancellationRequested))
            {
                // It is being restarted: nobody knows better than to leave everything as it is.
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _loops;
        _http.Dispose();
        _closing.Dispose();
    }

    private sealed record Answer(int Workers);

    private sealed record Rule(string AppId, string By, int Least, int Most)
    {
        public static Rule? Of(Member member)
        {
            var environment = member.Entry.Environment;
            if (!environment.TryGetValue("SCALE_BY", out var by))
                return null;
            var limits = environment.GetValueOrDefault("SCALE_LIMITS", "1-4").Split('-');
            if (by.Split('/') is not [{ Length: > 0 }, { Length: > 0 }, ..])
                throw new ResourceException(
                    Origin.Code,
                    $"SCALE_BY of '{member.Entry.AppId}' is '{by}'.",
                    "Write APP-ID/METHOD, for example queue-manager/demand.");
            return limits.Length == 2 && int.TryParse(limits[0], out var least) && int.TryParse(limits[1], out var most) && least >= 1
                && most >= least && most <= 32
                ? new Rule(member.Entry.AppId, by, least, most)
                : throw new ResourceException(
                    Origin.Code,
                    $"SCALE_LIMITS of '{member.Entry.AppId}' is '{string.Join('-', limits)}'.",
                    "Write LEAST-MOST between 1 and 32, for example 1-4.");
        }
    }
}
