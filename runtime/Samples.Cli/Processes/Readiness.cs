using System.Net;
using Samples.Cli.Activation;
using Samples.Runtime.Resources;

namespace Samples.Cli.Processes;

/// <summary>Waits until applications are ready.</summary>
internal static class Readiness
{
    private const int EndingsAtStart = 5;
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(2) };

    /// <summary>
    /// Completes when every application listens and says that it is ready, with those that don't in time or have ended before. Throws
    /// <see cref="ResourceException"/> where one that is started again and again never gets so far.
    /// </summary>
    public static async Task<IReadOnlyList<Unready>> WaitAsync(IReadOnlyList<Member> members, TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        var unready = new List<Unready>();
        foreach (var member in members.Where(m => m.AppPort is not null && !m.Entry.IsSidecarAlone))
        {
            if (await WaitAsync(member, patience, limit.Token, cancel) is { } what)
                unready.Add(new Unready(member, what));
        }

        return unready;
    }

    /// <summary>
    /// Whether its health check, and not its port, says who gets requests: a standby never passes it, and is ready all the same.
    /// </summary>
    public static bool IsAsked(Member member) => member.Entry is { HealthCheck: not null, AppProtocol: "http" };

    // Null where it is ready.
    private static async Task<string?> WaitAsync(Member member, TimeSpan patience, CancellationToken limit, CancellationToken cancel)
    {
        try
        {
            var listens = IsAsked(member) ? Task.CompletedTask : member.Sidecar.WaitForAppAsync(limit);
            while (!listens.IsCompleted || !await IsReadyAsync(member, limit))
            {
                if (member.Endings >= EndingsAtStart)
                    throw new Unready(member, $"ended {EndingsAtStart} times before it was ready.").Error;
                // One that may sleep has rested by then, perhaps, and is woken by the question.
                if (member.Rested.IsCompleted && IdleRule.Of(member.Entry) is null)
                    return "ended before it was ready.";
                await Task.Delay(20, limit);
            }

            await listens;
            return null;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return $"was not ready within {patience.TotalSeconds:0} s.";
        }
    }

    /// <summary>Whether it answers, and says that it is ready where it says anything.</summary>
    public static async Task<bool> IsReadyAsync(Member member, CancellationToken cancel)
    {
        // Others have no path to ask: they are ready when their sidecar says so.
        if (member.Entry.AppProtocol != "http")
            return true;
        try
        {
            using var answer = await Http.GetAsync($"http://127.0.0.1:{member.AppPort}/readyz", cancel);
            // An application without the endpoint is ready when it listens.
            return answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound;
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            // It does not answer, or not in time.
            return false;
        }
    }
}

/// <summary>A replica that is not ready.</summary>
/// <param name="Member">Which.</param>
/// <param name="What">Why it is not.</param>
internal sealed record Unready(Member Member, string What)
{
    /// <summary>For somebody who goes on without it.</summary>
    public string Note => $"'{Member.Name}' {What} The run goes on; its sidecar waits for port {Member.AppPort}.";

    /// <summary>For somebody who cannot go on.</summary>
    public ResourceException Error => new(
        Origin.Code, $"'{Member.Name}' {What}",
        Member.LastLines is { Count: > 0 } lines
            ? $"It said:\n  {string.Join("\n  ", lines)}"
            : "It said nothing; try its command by hand.");
}
